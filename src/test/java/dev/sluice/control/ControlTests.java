package dev.sluice.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.store.BatchRef;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

@NullUnmarked
class ControlTests extends ApiTestBase {

  private static final String KEY = "/v1/destinations/https:limits.example:443";

  @Test
  void pausesResumesAndCancelsAgainAndAgain() {
    BatchRef ref = batch(2);
    String path = "/v1/batches/" + ref.publicId();

    Answer paused = post(path + "/pause", "{\"reason\":\"maintenance\"}");
    assertThat(paused.status()).isEqualTo(200);
    assertThat(paused.json().path("state").asString()).isEqualTo("PAUSED");
    assertThat(paused.json().path("stateReason").toString())
        .isEqualTo("{\"code\":\"operator\",\"message\":\"maintenance\",\"by\":\"api\"}");
    assertThat(paused.json().path("waitingOn").path(0).path("reason").asString())
        .isEqualTo("paused");
    assertThat(call("POST", path + "/pause", null).json().path("state").asString())
        .isEqualTo("PAUSED");
    assertThat(call("POST", path + "/resume", null).json().path("state").asString())
        .isEqualTo("QUEUED");
    assertThat(call("POST", path + "/resume", null).status()).isEqualTo(200);
    assertThat(call("POST", path + "/cancel", null).json().path("state").asString())
        .isEqualTo("CANCELLING");
    assertThat(call("POST", path + "/cancel", null).status()).isEqualTo(200);
    Answer refused = call("POST", path + "/pause", null).isProblem(409, "invalid_state");
    assertThat(refused.json().path("state").asString()).isEqualTo("CANCELLING");
  }

  @Test
  void aCompletedBatchCannotBeCancelled() {
    BatchRef ref = batch(1);
    store.settle(ref, List.of(succeeded(0)));

    post("/v1/batches/" + ref.publicId() + "/cancel", "{}").isProblem(409, "invalid_state");
  }

  @Test
  void refusesControlBodiesItDoesNotUnderstand() {
    String pause = "/v1/batches/" + batch(1).publicId() + "/pause";
    Answer unknown = post(pause, "{\"because\":1}").isProblem(400, "unknown_field");
    assertThat(unknown.json().path("errors").path(0).path("pointer").asString())
        .isEqualTo("/because");
    post(pause, "{\"reason\":1}").isProblem(400, "invalid_value");
    post(pause, "{\"reason\":\"a\",\"reason\":\"b\"}").isProblem(400, "malformed_json");
    post(pause, "{\"reason\"").isProblem(400, "malformed_json");
    post(pause, "{} {}").isProblem(400, "malformed_json");
    post(pause, "[]").isProblem(400, "invalid_value");
    post(pause, "[".repeat(100_000)).isProblem(400, "malformed_json");
    post(pause, " ".repeat(ControlBody.MAX_BYTES + 1)).isProblem(413, "content_too_large");
  }

  @Test
  void patchesLimitsAsAMergePatch() {
    patch("{\"rate\":{\"permits\":300,\"per\":\"1m\",\"burst\":30},\"concurrency\":5}");

    JsonNode seen = get(KEY).json();
    assertThat(seen.path("rate").toString())
        .isEqualTo("{\"permits\":300,\"per\":\"1m\",\"burst\":30}");
    assertThat(seen.path("concurrency").toString())
        .isEqualTo("{\"mode\":\"fixed\",\"max\":5,\"current\":null}");
    assertThat(seen.path("breaker").asString()).isEqualTo("closed");

    JsonNode merged = patch("{\"rate\":{\"permits\":10},\"breaker\":\"open\"}");
    assertThat(merged.path("rate").toString())
        .isEqualTo("{\"permits\":10,\"per\":\"1m\",\"burst\":30}");
    assertThat(merged.path("concurrency").path("max").asInt()).isEqualTo(5);
    assertThat(merged.path("breaker").asString()).isEqualTo("forced_open");
    assertThat(merged.path("breakerOverride").asString()).isEqualTo("open");

    JsonNode fixed =
        patch("{\"concurrency\":{\"mode\":\"fixed\",\"max\":9},\"breaker\":\"closed\"}");
    assertThat(fixed.path("concurrency").path("max").asInt()).isEqualTo(9);
    assertThat(fixed.path("breakerOverride").asString()).isEqualTo("closed");

    JsonNode adaptive = patch("{\"concurrency\":{\"mode\":\"adaptive\"}}");
    assertThat(adaptive.path("concurrency").path("mode").asString()).isEqualTo("adaptive");
    assertThat(adaptive.path("concurrency").path("max").asInt()).isEqualTo(9);
    JsonNode unbounded = patch("{\"concurrency\":{\"max\":null}}");
    assertThat(unbounded.path("concurrency").path("mode").asString()).isEqualTo("adaptive");
    assertThat(unbounded.path("concurrency").path("max").isNull()).isTrue();

    JsonNode cleared = patch("{\"rate\":null,\"concurrency\":null,\"breaker\":\"auto\"}");
    assertThat(cleared.path("rate").isNull()).isTrue();
    assertThat(cleared.path("concurrency").path("max").isNull()).isTrue();
    assertThat(cleared.path("breakerOverride").asString()).isEqualTo("auto");

    patch("{\"concurrency\":7}");
    Answer put = call("PUT", KEY, "{\"breaker\":\"open\"}", "Content-Type", "application/json");
    assertThat(put.json().path("concurrency").path("max").isNull()).isTrue();
    assertThat(put.json().path("breakerOverride").asString()).isEqualTo("open");
  }

  private JsonNode patch(String body) {
    Answer answer = call("PATCH", KEY, body, "Content-Type", "application/merge-patch+json");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  @Test
  void refusesLimitsThatAreWrongOrNotBuilt() {
    for (String body :
        List.of(
            "{\"rate\":5}",
            "{\"rate\":{\"permits\":0}}",
            "{\"rate\":{\"permits\":1.5}}",
            "{\"rate\":{\"permits\":1,\"per\":\"soon\"}}",
            "{\"rate\":{\"permits\":1,\"per\":\"999999999999d\"}}",
            "{\"rate\":{\"permits\":1,\"burst\":-1}}",
            "{\"concurrency\":0}",
            "{\"concurrency\":\"5\"}",
            "{\"concurrency\":10001}",
            "{\"concurrency\":{\"mode\":\"free\"}}",
            "{\"breaker\":\"ajar\"}",
            "{\"breaker\":true}")) {
      call("PATCH", other(), body, "Content-Type", "application/json")
          .isProblem(400, "invalid_value");
    }
    call("PATCH", other(), "{\"rate\":{}}", "Content-Type", "application/json")
        .isProblem(400, "missing_key");
    call("PATCH", other(), "{\"limit\":1}", "Content-Type", "application/json")
        .isProblem(400, "unknown_field");
    call("PATCH", other(), "{\"window\":null}", "Content-Type", "application/json")
        .isProblem(422, "not_supported");
    call(
            "PATCH",
            other(),
            "{\"concurrency\":{\"mode\":\"fixed\"}}",
            "Content-Type",
            "application/json")
        .isProblem(400, "missing_key");
    get(other()).isProblem(404, "destination_not_found");
    for (String key : List.of("https", "ftp:a:21", "https:a%20b:443", "https:a:0", "https:a:x")) {
      get("/v1/destinations/" + key).isProblem(400, "invalid_destination");
      call("POST", "/v1/destinations/" + key + "/pause", null)
          .isProblem(400, "invalid_destination");
    }
  }

  private static String other() {
    return "/v1/destinations/https:never.example:443";
  }

  @Test
  void pausesAndResumesADestination() {
    String path = "/v1/destinations/HTTP:paused.example:80";

    JsonNode paused =
        post(path + "/pause", "{\"reason\":\"deploy\",\"until\":\"2099-01-01T02:00:00+01:00\"}")
            .json();

    assertThat(paused.path("key").asString()).isEqualTo("http:paused.example:80");
    assertThat(paused.path("paused").path("reason").asString()).isEqualTo("deploy");
    assertThat(paused.path("paused").path("by").asString()).isEqualTo("api");
    assertThat(paused.path("paused").path("until").asString()).isEqualTo("2099-01-01T01:00:00Z");
    assertThat(call("POST", path + "/resume", null).json().path("paused").isNull()).isTrue();
    assertThat(call("POST", path + "/pause", null).json().path("paused").path("until").isNull())
        .isTrue();
    post(path + "/pause", "{\"until\":\"2001-01-01T00:00:00Z\"}").isProblem(400, "invalid_value");
    post(path + "/pause", "{\"until\":\"tomorrow\"}").isProblem(400, "invalid_value");
    post(path + "/resume", "{\"until\":1}").isProblem(400, "unknown_field");
  }

  @Test
  void pagesThroughDestinations() {
    for (int i = 0; i < 5; i++) {
      call("POST", "/v1/destinations/https:page" + i + ".example:443/pause", null);
    }
    List<String> seen = new java.util.ArrayList<>();
    String cursor = "";
    while (cursor != null) {
      JsonNode page = get("/v1/destinations?limit=2" + cursor).json();
      assertThat(page.path("data").size()).isLessThanOrEqualTo(2);
      page.path("data").forEach(row -> seen.add(row.path("key").asString()));
      cursor =
          page.path("hasMore").asBoolean() ? "&cursor=" + page.path("nextCursor").asString() : null;
    }
    assertThat(seen).doesNotHaveDuplicates();
    assertThat(seen)
        .containsSubsequence(
            "https:page0.example:443", "https:page1.example:443", "https:page4.example:443");
  }
}
