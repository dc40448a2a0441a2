package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchState;
import dev.sluice.model.Item;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChunkTests extends SubmissionTestBase {

  private String open(String body) throws Exception {
    Answer answer = post("/v1/batches", JSON, body);
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.header("Location")).startsWith("/v1/batches/bat_");
    assertThat(answer.json().path("state").asString()).isEqualTo("OPEN");
    return answer.header("Location");
  }

  private static void requireReceipt(Answer answer, long accepted, long deduplicated, long total) {
    assertThat(answer.status()).as(answer.json().toString()).isEqualTo(200);
    assertThat(answer.json().path("accepted").asLong()).isEqualTo(accepted);
    assertThat(answer.json().path("deduplicated").asLong()).isEqualTo(deduplicated);
    assertThat(answer.json().path("total").asLong()).isEqualTo(total);
  }

  @Test
  void appendsChunksByOffsetAndSeals() throws Exception {
    String batch = open("{\"name\":\"n\",\"open\":true,\"template\":{\"headers\":{\"X\":\"1\"}}}");

    requireReceipt(post(batch + "/items?offset=0", NDJSON, lines(1000)), 1000, 0, 1000);
    requireReceipt(post(batch + "/items?offset=1000", JSON, "[" + ITEM + "]"), 1, 0, 1001);
    requireReceipt(
        post(batch + "/items?offset=1001", JSON, "{\"items\":[" + ITEM + "]}"), 1, 0, 1002);
    requireReceipt(post(batch + "/items?offset=0", NDJSON, lines(1000)), 0, 1000, 1002);

    Answer other = post(batch + "/items?offset=0", NDJSON, lines(999));
    assertThat(other.status()).isEqualTo(422);
    assertThat(other.code()).isEqualTo("content_mismatch");

    Answer inside = post(batch + "/items?offset=5", NDJSON, lines(5));
    assertThat(inside.status()).isEqualTo(422);
    assertThat(inside.code()).isEqualTo("offset_misaligned");

    Answer gap = post(batch + "/items?offset=1003", NDJSON, ITEM);
    assertThat(gap.status()).isEqualTo(409);
    assertThat(gap.code()).isEqualTo("offset_gap");
    assertThat(gap.json().path("expectedOffset").asLong()).isEqualTo(1002);

    Answer mismatch = post(batch + "/seal", JSON, "{\"expectedItems\":1001}");
    assertThat(mismatch.status()).isEqualTo(409);
    assertThat(mismatch.code()).isEqualTo("item_count_mismatch");
    assertThat(mismatch.json().path("total").asLong()).isEqualTo(1002);

    Answer sealed = post(batch + "/seal", JSON, "{\"expectedItems\":1002}");
    assertThat(sealed.status()).isEqualTo(202);
    assertThat(sealed.json().path("state").asString()).isEqualTo("QUEUED");
    assertThat(post(batch + "/seal", null, "").status()).isEqualTo(202);

    Answer late = post(batch + "/items?offset=1002", NDJSON, ITEM);
    assertThat(late.status()).isEqualTo(409);
    assertThat(late.code()).isEqualTo("invalid_state");

    RecordingStore.Batch stored = store.find(batch.substring("/v1/batches/".length()));
    assertThat(stored.items()).extracting(Item::index).hasSize(1002).isSorted();
    assertThat(stored.items()).allSatisfy(item -> assertThat(item.request().headers()).hasSize(1));
  }

  @Test
  void appendsChunksByKey() throws Exception {
    String batch = open("{\"open\":true}");
    String[] key = {"Idempotency-Key", "c-1"};

    requireReceipt(post(batch + "/items", NDJSON, lines(10), key), 10, 0, 10);
    requireReceipt(post(batch + "/items", NDJSON, lines(10), key), 0, 10, 10);
    Answer other = post(batch + "/items", NDJSON, lines(9), key);
    assertThat(other.status()).isEqualTo(422);
    assertThat(other.code()).isEqualTo("idempotency_key_reused");
    requireReceipt(post(batch + "/items", NDJSON, lines(5)), 5, 0, 15);

    assertThat(post(batch + "/items?offset=15", NDJSON, ITEM, key).status()).isEqualTo(400);
  }

  @Test
  void aBadChunkLeavesTheBatchAsItWas() throws Exception {
    String batch = open("{\"open\":true}");
    requireReceipt(post(batch + "/items?offset=0", NDJSON, lines(10)), 10, 0, 10);

    Answer bad = post(batch + "/items?offset=10", NDJSON, lines(5000) + "{\n");
    assertThat(bad.status()).isEqualTo(400);
    assertThat(bad.json().path("errors").get(0).path("line").asLong()).isEqualTo(5001);
    assertThat(bad.json().path("errors").get(0).path("index").asLong()).isEqualTo(5000);

    requireReceipt(post(batch + "/items?offset=10", NDJSON, lines(3)), 3, 0, 13);
  }

  @Test
  void takesOneChunkAtATime() throws Exception {
    String batch = open("{\"open\":true}");
    CountDownLatch gate = new CountDownLatch(1);
    store.gateAppends(gate);
    CompletableFuture<Answer> first =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return post(batch + "/items?offset=0", NDJSON, ITEM);
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    while (store.runningUploads() == 0) {
      Thread.onSpinWait();
    }
    Answer second = post(batch + "/items?offset=0", NDJSON, ITEM);
    Answer seal = post(batch + "/seal", null, "");
    gate.countDown();

    assertThat(second.status()).isEqualTo(409);
    assertThat(second.code()).isEqualTo("append_in_progress");
    assertThat(second.header("Retry-After")).isNotNull();
    assertThat(seal.code()).isEqualTo("append_in_progress");
    requireReceipt(first.get(), 1, 0, 1);
  }

  @Test
  void anOpenBatchIsCreatedOnceForItsKey() throws Exception {
    String[] key = {"Idempotency-Key", "open-1"};
    Answer first = post("/v1/batches", JSON, "{\"open\":true}", key);
    Answer again = post("/v1/batches", JSON, "{\"open\":true}", key);

    assertThat(again.status()).isEqualTo(201);
    assertThat(again.header("Location")).isEqualTo(first.header("Location"));
    assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
    assertThat(post("/v1/batches", JSON, "{\"open\": true}", key).status()).isEqualTo(422);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/items?offset=x | [] | 400 | invalid_parameter",
        "/items?offset=-1 | [] | 400 | invalid_parameter",
        "/items?nope=1 | [] | 400 | unknown_parameter",
        "/items | [] | 400 | no_items",
        "/items | {} | 400 | missing_items",
        "/items | {\"name\":\"x\",\"items\":[]} | 400 | unknown_field",
        "/items | {\"items\":[{\"url\":\"http://a/\"}],\"name\":\"x\"} | 400 | unknown_field",
        "/items | 5 | 400 | invalid_type",
        "/items | [{\"url\":\"http://a/\"}]x | 400 | malformed_json",
        "/seal | {\"expectedItems\":\"1\"} | 400 | invalid_type",
        "/seal | {\"expectedItems\":-1} | 400 | invalid_type",
        "/seal | {\"expectedItems\":1.5} | 400 | invalid_type",
        "/seal | {\"nope\":1} | 400 | unknown_field",
        "/seal | {\"expectedItems\":1 | 400 | malformed_json",
        "/seal?x=1 | {} | 400 | unknown_parameter",
      })
  void refuses(String path, String body, int status, String code) throws Exception {
    String batch = open("{\"open\":true}");
    Answer answer = post(batch + path, JSON, body);

    assertThat(answer.code()).as(answer.json().toString()).isEqualTo(code);
    assertThat(answer.status()).isEqualTo(status);
    assertThat(store.find(batch.substring("/v1/batches/".length())).state)
        .isEqualTo(BatchState.OPEN);
  }

  @Test
  void knowsNoOtherBatch() throws Exception {
    assertThat(post("/v1/batches/bat_nope/items", NDJSON, ITEM).code())
        .isEqualTo("batch_not_found");
    assertThat(post("/v1/batches/bat_nope/seal", null, "").status()).isEqualTo(404);
  }

  @Test
  void aCancelledBatchTakesNothing() throws Exception {
    String batch = open("{\"open\":true}");
    store.enter(batch.substring("/v1/batches/".length()), BatchState.CANCELLED);

    assertThat(post(batch + "/items", NDJSON, ITEM).code()).isEqualTo("invalid_state");
    assertThat(post(batch + "/seal", null, "").code()).isEqualTo("invalid_state");
  }
}
