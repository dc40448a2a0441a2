package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchState;
import dev.sluice.model.Item;
import dev.sluice.store.StoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class SubmissionTests extends SubmissionTestBase {

  @Test
  void takesAJsonBatch() throws Exception {
    Answer answer =
        post(
            "/v1/batches",
            JSON,
            """
            {"name":"n","metadata":{"k":"v"},"options":{"concurrency":5},
             "template":{"url":"http://t.example/t","headers":{"X":"1"}},
             "items":[ {"body":{"a": 1.0}} ,
             {"url":"https://b.example/y","method":"GET"}]}
            """);

    assertThat(answer.status()).isEqualTo(202);
    RecordingStore.Batch batch = answer.batch(store);
    assertThat(answer.header("Location")).isEqualTo("/v1/batches/" + batch.ref.publicId());
    assertThat(answer.json().path("counts").path("total").asInt()).isEqualTo(2);
    assertThat(batch.state).isEqualTo(BatchState.QUEUED);
    assertThat(batch.submitted.name()).isEqualTo("n");
    assertThat(batch.submitted.metadata()).containsEntry("k", "v");
    assertThat(batch.submitted.options().concurrency()).isEqualTo(5);
    List<Item> items = batch.items();
    assertThat(items).extracting(Item::index).containsExactly(0L, 1L);
    assertThat(new String(items.get(0).request().body(), StandardCharsets.UTF_8))
        .isEqualTo("{\"a\": 1.0}");
    assertThat(items.get(1).request().method()).isEqualTo("GET");
  }

  @Test
  void takesNdjsonWithOptionsInTheQuery() throws Exception {
    Answer answer =
        post(
            "/v1/batches?name=a+b&metadata.k=v%26w&concurrency=50&rate.permits=300&expectedItems=2",
            NDJSON + "; charset=utf-8", "\ufeff" + ITEM + "\r\n\r\n  \n" + ITEM);

    assertThat(answer.status()).isEqualTo(202);
    RecordingStore.Batch batch = answer.batch(store);
    assertThat(batch.submitted.name()).isEqualTo("a b");
    assertThat(batch.submitted.metadata()).containsEntry("k", "v&w");
    assertThat(batch.submitted.options().rate().permits()).isEqualTo(300);
    assertThat(batch.items()).hasSize(2);
  }

  @Test
  void takesALargeNdjsonAsItIs() throws Exception {
    int count = 120_000;
    Answer answer = post("/v1/batches?expectedItems=" + count, NDJSON, lines(count));

    assertThat(answer.status()).isEqualTo(202);
    List<Item> items = answer.batch(store).items();
    assertThat(items).hasSize(count);
    for (int i = 0; i < count; i++) {
      Item item = items.get(i);
      assertThat(item.index()).isEqualTo(i);
      assertThat(item.id()).isEqualTo("o-" + i);
      assertThat(item.request().target()).isEqualTo("/x/" + i);
    }
  }

  @Test
  void takesGzipOfBothFormats() throws Exception {
    byte[] ndjson = gzip(lines(5000).getBytes(StandardCharsets.UTF_8));
    Answer lines = post("/v1/batches", NDJSON, ndjson, "Content-Encoding", "gzip");
    assertThat(lines.status()).isEqualTo(202);
    assertThat(lines.batch(store).items()).hasSize(5000);

    byte[] json = gzip(("{\"items\":[" + ITEM + "]}").getBytes(StandardCharsets.UTF_8));
    assertThat(post("/v1/batches", JSON, json, "Content-Encoding", "GZIP").status()).isEqualTo(202);
  }

  @ParameterizedTest
  @CsvSource({
    "text/csv, 422, not_supported",
    "multipart/form-data; boundary=x, 422, not_supported",
    "text/plain, 415, unsupported_media_type",
    "application/json; charset=utf-16, 415, unsupported_media_type",
    "application/json; charset=nope, 415, unsupported_media_type",
    "nonsense, 415, unsupported_media_type",
    "application/x-www-form-urlencoded, 415, unsupported_media_type",
    ", 415, unsupported_media_type"
  })
  void refusesOtherContentTypes(String type, int status, String code) throws Exception {
    Answer answer = post("/v1/batches", type, ITEM);

    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.code()).isEqualTo(code);
  }

  @Test
  void refusesOtherEncodingsAndAnswers() throws Exception {
    assertThat(post("/v1/batches", NDJSON, ITEM, "Content-Encoding", "br").status()).isEqualTo(415);
    int before = store.all().size();
    assertThat(post("/v1/batches", NDJSON, ITEM, "Accept", "text/html").status()).isEqualTo(406);
    assertThat(store.all()).hasSize(before);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dryRun=true | 422 | not_supported",
        "dryRun=perhaps | 400 | invalid_parameter",
        "nope=1 | 400 | unknown_parameter",
        "vars=x | 422 | not_supported",
        "csv.types=x | 422 | not_supported",
        "expectedItems=2 | 422 | item_count_mismatch",
        "expectedItems=-1 | 400 | invalid_parameter",
        "expectedItems=1&expectedItems=1 | 400 | invalid_parameter",
        "name= | 400 | invalid_name",
        "metadata.=x | 400 | invalid_metadata",
      })
  void refusesParameters(String query, int status, String code) throws Exception {
    int before = store.all().size();
    Answer answer = post("/v1/batches?" + query, NDJSON, ITEM);

    assertThat(answer.code()).isEqualTo(code);
    assertThat(answer.status()).isEqualTo(status);
    assertThat(store.all()).hasSize(before);
  }

  @Test
  void theSameKeyAndContentGiveTheSameBatch() throws Exception {
    String[] key = {"Idempotency-Key", "k-1"};
    Answer first = post("/v1/batches?concurrency=3", NDJSON, lines(1000), key);
    assertThat(first.status()).isEqualTo(202);
    assertThat(first.header("Idempotency-Replayed")).isNull();

    Answer again = post("/v1/batches?concurrency=3", NDJSON, lines(1000), key);
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.header("Location")).isEqualTo(first.header("Location"));
    assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");

    byte[] packed = gzip(lines(1000).getBytes(StandardCharsets.UTF_8));
    Answer decoded =
        post(
            "/v1/batches?concurrency=3",
            NDJSON,
            packed,
            "Idempotency-Key",
            "\"k-1\"",
            "Content-Encoding",
            "gzip");
    assertThat(decoded.header("Location")).isEqualTo(first.header("Location"));

    for (Answer other :
        List.of(
            post("/v1/batches?concurrency=3", NDJSON, lines(999), key),
            post("/v1/batches?concurrency=4", NDJSON, lines(1000), key),
            post("/v1/batches", JSON, "{\"items\":[" + ITEM + "]}", key),
            post("/v1/batches", JSON, "{\"open\":true}", key))) {
      assertThat(other.status()).isEqualTo(422);
      assertThat(other.code()).isEqualTo("idempotency_key_reused");
    }
  }

  @Test
  void aRefusedSubmissionFreesItsKey() throws Exception {
    assertThat(post("/v1/batches", NDJSON, "{}", "Idempotency-Key", "k-2").status()).isEqualTo(400);
    assertThat(post("/v1/batches", NDJSON, ITEM, "Idempotency-Key", "k-2").status()).isEqualTo(202);
  }

  @Test
  void theKeyOfARunningUploadIsTaken() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    store.gateAppends(gate);
    CompletableFuture<Answer> first =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return post("/v1/batches", NDJSON, lines(50_000), "Idempotency-Key", "k-3");
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    while (store.all().stream().noneMatch(b -> "k-3".equals(b.submitted.idempotencyKey()))) {
      Thread.onSpinWait();
    }
    Answer second = post("/v1/batches", NDJSON, lines(50_000), "Idempotency-Key", "k-3");
    Answer small = post("/v1/batches", NDJSON, ITEM, "Idempotency-Key", "k-3");
    gate.countDown();

    assertThat(second.status()).isEqualTo(409);
    assertThat(second.code()).isEqualTo("submission_in_progress");
    assertThat(second.header("Retry-After")).isNotNull();
    assertThat(small.code()).isEqualTo("submission_in_progress");
    assertThat(first.get().status()).isEqualTo(202);
  }

  @ParameterizedTest
  @CsvSource({"'', x", "'\"\"', x", "1, 2"})
  void refusesBadKeys(String key, String second) throws Exception {
    String[] headers =
        second.equals("x")
            ? new String[] {"Idempotency-Key", key}
            : new String[] {"Idempotency-Key", key, "Idempotency-Key", second};

    assertThat(post("/v1/batches", NDJSON, ITEM, headers).code())
        .isEqualTo("invalid_idempotency_key");
  }

  @Test
  void aStoreThatCannotWriteIsNoFaultOfTheRequest() throws Exception {
    store.failAppends(new StoreException(StoreException.Kind.FULL, "full"));
    assertThat(post("/v1/batches", NDJSON, lines(50_000)).status()).isEqualTo(507);

    store.failAppends(new StoreException(StoreException.Kind.UNAVAILABLE, "busy"));
    Answer busy = post("/v1/batches", NDJSON, ITEM, "Idempotency-Key", "k-4");
    assertThat(busy.status()).isEqualTo(503);
    assertThat(busy.header("Retry-After")).isNotNull();

    store.failAppends(null);
    assertThat(post("/v1/batches", NDJSON, ITEM, "Idempotency-Key", "k-4").status()).isEqualTo(202);
  }

  @Test
  void describesItsCalls() {
    JsonNode paths = get("/v3/api-docs").path("paths");

    JsonNode submit = paths.path("/v1/batches").path("post");
    assertThat(submit.path("requestBody").path("content").propertyNames())
        .containsExactlyInAnyOrder(JSON, NDJSON);
    assertThat(submit.path("responses").propertyNames()).contains("200", "201", "202");
    for (String call : List.of("/v1/batches/{id}/items", "/v1/batches/{id}/seal")) {
      assertThat(paths.path(call).path("post").path("summary").asString("")).isNotEmpty();
      assertThat(paths.path(call).path("post").has("requestBody")).isTrue();
    }
  }

  /** The examples of the description are what the API takes. */
  @Test
  void takesItsOwnExamples() throws Exception {
    assertThat(post("/v1/batches", JSON, SubmissionExamples.BATCH).status()).isEqualTo(202);
    assertThat(post("/v1/batches", NDJSON, SubmissionExamples.LINES).status()).isEqualTo(202);
    String open = post("/v1/batches", JSON, "{\"open\":true}").header("Location");
    assertThat(post(open + "/items", JSON, SubmissionExamples.CHUNK).status()).isEqualTo(200);
    assertThat(post(open + "/items", JSON, SubmissionExamples.CHUNK).status()).isEqualTo(200);
    assertThat(post(open + "/seal", JSON, SubmissionExamples.SEAL).status()).isEqualTo(202);
  }
}
