package dev.sluice.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.model.Item;
import dev.sluice.store.BatchRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

@NullUnmarked
class BatchesTests extends ApiTestBase {

  @Test
  void showsABatchAsTheDesignSays() {
    BatchRef ref = batch("nightly", Map.of("team", "billing"), Map.of(PARTNER, items(3)));
    store.settle(ref, List.of(succeeded(0)));
    store.publishFlow(ref, PARTNER, "rate", 0.5);

    JsonNode json = get("/v1/batches/" + ref.publicId()).json();

    assertThat(json.propertyNames())
        .contains(
            "id",
            "name",
            "state",
            "result",
            "counts",
            "attempts",
            "progress",
            "ratePerSecond",
            "etaSeconds",
            "createdAt",
            "sealedAt",
            "startedAt",
            "finishedAt",
            "parentId",
            "links",
            "waitingOn",
            "lastOutcomeAt",
            "stalled",
            "stateReason",
            "metadata")
        .doesNotContain("results");
    assertThat(json.path("id").asString()).isEqualTo(ref.publicId());
    assertThat(json.path("state").asString()).isEqualTo("RUNNING");
    assertThat(json.path("result").isNull()).isTrue();
    assertThat(json.path("counts").toString())
        .isEqualTo(
            "{\"total\":3,\"pending\":1,\"inFlight\":1,\"succeeded\":1,\"failed\":0,\"expired\":0,"
                + "\"cancelled\":0,\"rejected\":0,\"inDoubt\":0}");
    assertThat(json.path("progress").asDouble()).isEqualTo(0.3333);
    assertThat(json.path("ratePerSecond").asDouble()).isEqualTo(0.5);
    assertThat(json.path("etaSeconds").asLong()).isEqualTo(4);
    assertThat(json.path("lastOutcomeAt").asString()).isEqualTo("2026-01-02T03:04:05.678Z");
    assertThat(json.path("metadata").path("team").asString()).isEqualTo("billing");
    JsonNode wait = json.path("waitingOn").path(0);
    assertThat(wait.path("reason").asString()).isEqualTo("rate");
    assertThat(wait.path("destination").asString()).isEqualTo(PARTNER.key());
    assertThat(wait.path("items").asLong()).isEqualTo(3);
    assertThat(json.path("links").path("results").asString())
        .isEqualTo("/v1/batches/" + ref.publicId() + "/results");
    JsonNode explained = get("/v1/batches/" + ref.publicId() + "/explain").json();
    assertThat(explained.path("destinations").path(0).path("waitingOn").asString())
        .isEqualTo("rate");
    assertThat(explained.path("waitingOn").size()).isEqualTo(1);
  }

  @Test
  void tellsTheResultOnceCompleted() {
    BatchRef all = batch(1);
    store.settle(all, List.of(succeeded(0)));
    BatchRef some = batch(2);
    store.settle(some, List.of(succeeded(0), failed(1, 500, "no")));
    BatchRef none = batch(1);
    store.settle(none, List.of(failed(0, 500, "no")));

    assertThat(result(all)).isEqualTo("all_succeeded");
    assertThat(result(some)).isEqualTo("some_failed");
    assertThat(result(none)).isEqualTo("none_succeeded");
    assertThat(get("/v1/batches/" + all.publicId()).json().path("progress").asDouble())
        .isEqualTo(1.0);
  }

  private String result(BatchRef ref) {
    return get("/v1/batches/" + ref.publicId()).json().path("result").asString();
  }

  @Test
  void pagesThroughBatchesNewestFirstByFilter() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      made.add(
          batch("paged", Map.of("run", "7", "i", "" + i), Map.of(PARTNER, items(1))).publicId());
    }
    batch("paged", Map.of("run", "8"), Map.of(PARTNER, items(1)));

    List<String> seen = new ArrayList<>();
    String cursor = "";
    int pages = 0;
    while (cursor != null) {
      JsonNode page = get("/v1/batches?name=paged&metadata.run=7&limit=2" + cursor).json();
      page.path("data").forEach(row -> seen.add(row.path("id").asString()));
      boolean more = page.path("hasMore").asBoolean();
      assertThat(page.path("nextCursor").isNull()).isEqualTo(!more);
      cursor = more ? "&cursor=" + page.path("nextCursor").asString() : null;
      pages++;
    }

    assertThat(pages).isEqualTo(3);
    assertThat(seen).isEqualTo(made.reversed());
    assertThat(get("/v1/batches?name=paged&metadata.run=7&metadata.i=3").json().path("data").size())
        .isEqualTo(1);
    assertThat(get("/v1/batches?name=paged&state=COMPLETED,EXPIRED").json().path("data").size())
        .isZero();
    assertThat(get("/v1/batches?name=paged&state=QUEUED&state=RUNNING").json().path("data").size())
        .isEqualTo(6);
  }

  @Test
  void waitsUntilABatchIsFinishedAndBringsItsResults() throws Exception {
    BatchRef ref = batch(2);
    CompletableFuture<Answer> waiting =
        CompletableFuture.supplyAsync(
            () -> get("/v1/batches/" + ref.publicId(), "Prefer", "respond-async, wait=60"));

    store.settle(ref, List.of(succeeded(1), failed(0, 404, "gone")));

    Answer answer = waiting.get(10, TimeUnit.SECONDS);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Preference-Applied")).isEqualTo("wait=5");
    assertThat(answer.header("Location")).isEqualTo("/v1/batches/" + ref.publicId());
    JsonNode results = answer.json().path("results");
    assertThat(results.size()).isEqualTo(2);
    assertThat(results.path(0).path("index").asLong()).isEqualTo(1);
    assertThat(results.path(1).path("state").asString()).isEqualTo("FAILED");
  }

  @Test
  void aWaitThatEndsFirstAnswers202WithTheBatchAsItIs() {
    BatchRef ref = batch(1);

    Answer answer = get("/v1/batches/" + ref.publicId(), "Prefer", "wait=0");

    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.header("Preference-Applied")).isEqualTo("wait=0");
    assertThat(answer.json().path("state").asString()).isEqualTo("QUEUED");
    assertThat(get("/v1/batches/" + ref.publicId()).header("Preference-Applied")).isNull();
    assertThat(get("/v1/batches/" + ref.publicId(), "Prefer", "wait=soon").status()).isEqualTo(200);
  }

  @Test
  void summarisesFailures() {
    BatchRef ref = batch(4);
    store.settle(ref, List.of(succeeded(0), failed(1, 500, "a"), failed(2, 500, "b"), inDoubt(3)));

    JsonNode groups = get("/v1/batches/" + ref.publicId() + "/failures").json();

    assertThat(groups.size()).isEqualTo(2);
    assertThat(groups.path(0).toString())
        .isEqualTo(
            "{\"state\":\"FAILED\",\"statusCode\":500,\"errorCode\":\"http_status\","
                + "\"destination\":\"https:api.example.com:443\",\"count\":2,\"sampleIndex\":1,"
                + "\"sampleMessage\":\"=cmd: the destination answered 500\"}");
    assertThat(groups.path(1).path("statusCode").isNull()).isTrue();
  }

  private static List<Item> items(int count) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      items.add(item(i, "order-" + i));
    }
    return items;
  }
}
