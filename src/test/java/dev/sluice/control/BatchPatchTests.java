package dev.sluice.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.HaltOn;
import dev.sluice.model.Rate;
import dev.sluice.store.BatchRef;
import dev.sluice.store.Tenants;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Changes of a batch after its submission. */
@NullUnmarked
class BatchPatchTests extends ApiTestBase {

  private static final String ALL =
      "{\"name\":\"later\",\"metadata\":{\"team\":\"red\"},\"rate\":{\"permits\":300,\"per\":\"1m\",\"burst\":30},"
          + "\"concurrency\":5,\"weight\":7,\"deadline\":\"2099-01-01T00:00:00Z\","
          + "\"haltOn\":{\"failureRatio\":0.5,\"after\":20,\"consecutiveAuthFailures\":3,\"action\":\"cancel\"}}";

  private Answer patch(BatchRef batch, String body, String type) {
    return call("PATCH", "/v1/batches/" + batch.publicId(), body, "Content-Type", type);
  }

  private Answer patch(BatchRef batch, String body) {
    return patch(batch, body, "application/merge-patch+json");
  }

  private JsonNode patched(BatchRef batch, String body) {
    Answer answer = patch(batch, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json()).isEqualTo(get("/v1/batches/" + batch.publicId()).json());
    return answer.json();
  }

  private BatchOptions options(BatchRef batch) {
    return store.reader().batch(Tenants.DEFAULT, batch.publicId()).orElseThrow().options();
  }

  @Test
  void changesEveryMemberAndShowsIt() {
    BatchRef batch = batch(1);

    JsonNode seen = patched(batch, ALL);

    assertThat(seen.path("name").asString()).isEqualTo("later");
    assertThat(seen.path("metadata").toString()).isEqualTo("{\"team\":\"red\"}");
    assertThat(seen.path("rate").toString())
        .isEqualTo("{\"permits\":300,\"per\":\"1m\",\"burst\":30}");
    assertThat(seen.path("concurrency").asInt()).isEqualTo(5);
    assertThat(seen.path("weight").asInt()).isEqualTo(7);
    assertThat(seen.path("deadline").asString()).isEqualTo("2099-01-01T00:00:00Z");
    assertThat(seen.path("haltOn").toString())
        .isEqualTo(
            "{\"failureRatio\":0.5,\"after\":20,\"consecutiveAuthFailures\":3,\"action\":\"cancel\"}");
    assertThat(options(batch))
        .isEqualTo(
            BatchOptions.DEFAULT
                .change()
                .rate(new Rate(300, Duration.ofMinutes(1), 30))
                .concurrency(5)
                .weight(7)
                .deadline(Instant.parse("2099-01-01T00:00:00Z"))
                .haltOn(new HaltOn(0.5, 20, 3, HaltOn.Action.CANCEL))
                .build());
    assertThat(patched(batch, ALL)).as("again").isEqualTo(seen);
    assertThat(patched(batch, "{}")).isEqualTo(seen);
    assertThat(patch(batch, ALL, "application/json").status()).isEqualTo(200);
    patch(batch, ALL, "text/plain").isProblem(415, "unsupported_media_type");
  }

  @Test
  void nullPutsAMemberBackToItsDefault() {
    BatchRef batch = batch(1);
    patched(batch, ALL);

    JsonNode seen =
        patched(
            batch,
            "{\"name\":null,\"metadata\":null,\"rate\":null,\"concurrency\":null,\"weight\":null,"
                + "\"deadline\":null,\"haltOn\":null,\"window\":null,\"auth\":null}");

    assertThat(options(batch)).isEqualTo(BatchOptions.DEFAULT);
    assertThat(seen.path("name").isNull()).isTrue();
    assertThat(seen.path("metadata").toString()).isEqualTo("{}");
    assertThat(seen.path("weight").asInt()).isEqualTo(1);
    assertThat(seen.path("haltOn").toString())
        .isEqualTo(
            "{\"failureRatio\":null,\"after\":null,\"consecutiveAuthFailures\":20,\"action\":\"pause\"}");
  }

  @Test
  void whatAMemberHoldsIsMergedToo() {
    BatchRef batch = batch(1);
    patched(batch, ALL);

    patched(
        batch,
        "{\"rate\":{\"permits\":400,\"burst\":null},\"haltOn\":{\"after\":9},"
            + "\"metadata\":{\"team\":null,\"day\":\"mon\"}}");

    assertThat(options(batch).rate()).isEqualTo(new Rate(400, Duration.ofMinutes(1), 1));
    assertThat(options(batch).haltOn()).isEqualTo(new HaltOn(0.5, 9, 3, HaltOn.Action.CANCEL));
    JsonNode seen = patched(batch, "{\"haltOn\":{\"failureRatio\":null}}");
    assertThat(options(batch).haltOn()).isEqualTo(new HaltOn(null, 100, 3, HaltOn.Action.CANCEL));
    assertThat(seen.path("metadata").toString()).isEqualTo("{\"day\":\"mon\"}");
    patched(batch, "{\"deadline\":\"2098-01-01T01:00:00+01:00\"}");
    assertThat(options(batch).deadline()).isEqualTo(Instant.parse("2098-01-01T00:00:00Z"));
    assertThat(options(batch).concurrency()).isEqualTo(5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"nope\":1} | unknown_field | /nope",
        "{\"nope\":null} | unknown_field | /nope",
        "{\"a/b\":1} | unknown_field | /a~1b",
        "{\"timeout\":\"1s\"} | unknown_field | /timeout",
        "{\"notBefore\":\"2098-01-01T00:00:00Z\"} | unknown_field | /notBefore",
        "{\"rate\":{\"permits\":1,\"nope\":1}} | unknown_field | /rate/nope",
        "{\"rate\":{\"permits\":1,\"nope\":null}} | unknown_field | /rate/nope",
        "{\"haltOn\":{\"nope\":1}} | unknown_field | /haltOn/nope",
        "{\"rate\":{}} | invalid_option | /rate/permits",
        "{\"rate\":5} | invalid_option | /rate",
        "{\"rate\":{\"permits\":0}} | invalid_option | /rate",
        "{\"rate\":{\"permits\":\"1\"}} | invalid_option | /rate/permits",
        "{\"rate\":{\"permits\":1,\"per\":\"soon\"}} | invalid_option | /rate/per",
        "{\"concurrency\":0} | invalid_option | ''",
        "{\"concurrency\":\"5\"} | invalid_option | /concurrency",
        "{\"weight\":1001} | invalid_option | ''",
        "{\"deadline\":\"tomorrow\"} | invalid_option | /deadline",
        "{\"deadline\":\"2001-01-01T00:00:00Z\"} | invalid_option | /deadline",
        "{\"haltOn\":{\"after\":5}} | invalid_option | /haltOn/after",
        "{\"haltOn\":{\"failureRatio\":2}} | invalid_option | /haltOn",
        "{\"haltOn\":{\"action\":\"stop\"}} | invalid_option | /haltOn/action",
        "{\"name\":5} | invalid_type | /name",
        "{\"name\":\"\"} | invalid_name | /name",
        "{\"metadata\":[]} | invalid_type | /metadata",
        "{\"metadata\":{\"a\":1}} | invalid_type | /metadata/a",
        "{\"metadata\":{\"\":\"x\"}} | invalid_metadata | /metadata/",
      })
  void refusesWhatASubmissionCouldNotHave(String body, String code, String pointer) {
    BatchRef batch = batch(1);
    JsonNode before = get("/v1/batches/" + batch.publicId()).json();

    Answer refused = patch(batch, body).isProblem(400, code);

    assertThat(refused.json().path("errors").path(0).path("pointer").asString()).isEqualTo(pointer);
    assertThat(get("/v1/batches/" + batch.publicId()).json()).isEqualTo(before);
  }

  @Test
  void refusesWhatIsNotBuiltAndWhatIsNotJson() {
    BatchRef batch = batch(1);
    for (String member : List.of("window", "auth")) {
      Answer refused = patch(batch, "{\"" + member + "\":{}}").isProblem(422, "not_supported");
      assertThat(refused.json().path("errors").path(0).path("pointer").asString())
          .isEqualTo("/" + member);
    }
    patch(batch, "[]").isProblem(400, "invalid_value");
    patch(batch, "{\"name\":\"a\",\"name\":\"b\"}").isProblem(400, "malformed_json");
    call("PATCH", "/v1/batches/bat_nope", "{}", "Content-Type", "application/json")
        .isProblem(404, "batch_not_found");
    call(
            "PATCH",
            "/v1/batches/" + batch.publicId() + "?force=1",
            "{}",
            "Content-Type",
            "application/json")
        .isProblem(400, "unknown_parameter");
  }

  @Test
  void anEndedBatchKeepsItsOptionsAndTakesAName() {
    BatchRef batch = batch(1);
    patched(batch, "{\"concurrency\":5}");
    store.settle(batch, List.of(succeeded(0)));

    Answer refused = patch(batch, "{\"concurrency\":6}").isProblem(409, "invalid_state");
    assertThat(refused.json().path("state").asString()).isEqualTo("COMPLETED");
    patch(batch, "{\"name\":\"x\",\"rate\":{\"permits\":1}}").isProblem(409, "invalid_state");
    assertThat(patched(batch, "{\"concurrency\":5}").path("name").asString())
        .as("said again, and nothing of what was refused")
        .isEqualTo("nightly");
    assertThat(
            patched(batch, "{\"name\":\"done\",\"metadata\":{\"a\":\"b\"}}")
                .path("name")
                .asString())
        .isEqualTo("done");
    BatchRef cancelled = batch(1);
    post("/v1/batches/" + cancelled.publicId() + "/cancel", "{}");
    patch(cancelled, "{\"weight\":2}").isProblem(409, "invalid_state");
  }
}
