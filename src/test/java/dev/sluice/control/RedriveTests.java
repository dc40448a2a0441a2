package dev.sluice.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.model.Item;
import dev.sluice.model.Origin;
import dev.sluice.model.Outcome;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.Tenants;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

@NullUnmarked
class RedriveTests extends ApiTestBase {

  private static final String FAILED = "{\"filter\":{\"state\":\"FAILED\"}}";

  @Test
  void makesALinkedChildOfWhatFailedOnce() {
    BatchRef parent = batch(5);
    store.settle(
        parent, List.of(failed(3, 500, "a"), succeeded(0), failed(1, 404, "b"), inDoubt(2)));

    Answer answer = redrive(parent, FAILED);

    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    JsonNode child = answer.json();
    assertThat(answer.header("Location")).isEqualTo("/v1/batches/" + child.path("id").asString());
    assertThat(child.path("parentId").asString()).isEqualTo(parent.publicId());
    assertThat(child.path("state").asString()).isEqualTo("QUEUED");
    assertThat(child.path("counts").path("total").asLong()).isEqualTo(2);
    List<Item> items = items(child.path("id").asString());
    assertThat(items).extracting(Item::id).containsExactly("order-3", "order-1");
    assertThat(items)
        .extracting(Item::origin)
        .containsExactly(new Origin(parent.publicId(), 3), new Origin(parent.publicId(), 1));
    redrive(parent, FAILED).isProblem(422, "nothing_to_redrive");
  }

  private Answer redrive(BatchRef parent, String body, String... headers) {
    return post("/v1/batches/" + parent.publicId() + "/redrive", body, headers);
  }

  private List<Item> items(String publicId) {
    BatchRecord batch = store.reader().batch(Tenants.DEFAULT, publicId).orElseThrow();
    return store.reader().items(batch.ref(), ItemFilter.ALL, 0, 10_000).stream()
        .map(item -> item.input())
        .toList();
  }

  @Test
  void keepsTheFirstOriginOverEveryRedriveUnlessNewKeysAreWanted() {
    BatchRef parent = batch(1);
    store.settle(parent, List.of(failed(0, 500, "a")));
    BatchRef child = child(redrive(parent, FAILED));
    store.settle(child, List.of(failed(0, 500, "again")));

    BatchRef grandchild = child(redrive(child, FAILED));

    assertThat(items(grandchild.publicId()).getFirst().origin())
        .isEqualTo(new Origin(parent.publicId(), 0));
    store.settle(grandchild, List.of(failed(0, 500, "again")));
    BatchRef fresh =
        child(redrive(grandchild, "{\"filter\":{\"statusCode\":500},\"idempotencyKey\":\"new\"}"));
    assertThat(items(fresh.publicId()).getFirst().origin()).isNull();
  }

  private BatchRef child(Answer answer) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    return store
        .reader()
        .batch(Tenants.DEFAULT, answer.json().path("id").asString())
        .orElseThrow()
        .ref();
  }

  @Test
  void takesWhatIsInDoubtOnlyWhenThatIsConfirmed() {
    BatchRef parent = batch(2);
    store.settle(parent, List.of(inDoubt(1), succeeded(0)));

    redrive(parent, "{\"filter\":{\"state\":\"IN_DOUBT\"}}").isProblem(422, "nothing_to_redrive");
    redrive(parent, "{\"filter\":{\"index\":[0,1]}}").isProblem(422, "nothing_to_redrive");
    redrive(parent, "{\"filter\":{\"state\":[\"SUCCEEDED\"]},\"confirmInDoubt\":true}")
        .isProblem(422, "nothing_to_redrive");
    BatchRef child =
        child(redrive(parent, "{\"filter\":{\"index\":[0,1]},\"confirmInDoubt\":true}"));

    assertThat(items(child.publicId())).extracting(Item::id).containsExactly("order-1");
  }

  @Test
  void countsWithoutTakingAnything() {
    BatchRef parent = batch(3);
    store.settle(parent, List.of(failed(1, 500, "a"), failed(2, 500, "b")));

    Answer dry = redrive(parent, "{\"filter\":{\"errorCode\":\"http_status\"},\"dryRun\":true}");

    assertThat(dry.status()).isEqualTo(200);
    assertThat(dry.json().path("items").asLong()).isEqualTo(2);
    assertThat(dry.json().path("dryRun").asBoolean()).isTrue();
    assertThat(child(redrive(parent, FAILED))).isNotNull();
  }

  @Test
  void theSameKeyGivesTheSameChild() {
    BatchRef parent = batch(2);
    store.settle(parent, List.of(failed(0, 500, "a"), failed(1, 500, "a")));
    String body = "{\"filter\":{\"index\":0}}";

    Answer first = redrive(parent, body, "Idempotency-Key", "redrive-1");
    Answer again =
        redrive(
            parent,
            "{\"idempotencyKey\":\"keep\",\"filter\":{\"index\":[0]}}",
            "Idempotency-Key",
            "redrive-1");

    assertThat(first.header("Idempotency-Replayed")).isNull();
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
    assertThat(again.header("Location")).isEqualTo(first.header("Location"));
    redrive(parent, "{\"filter\":{\"index\":1}}", "Idempotency-Key", "redrive-1")
        .isProblem(422, "idempotency_key_reused");
    redrive(parent, body, "Idempotency-Key", " ").isProblem(400, "invalid_idempotency_key");
  }

  @Test
  void refusesFiltersThatSayNothingOrNonsense() {
    BatchRef parent = batch(1);
    for (String body :
        List.of(
            "{}",
            "{\"filter\":null}",
            "{\"filter\":{}}",
            "{\"filter\":{\"state\":[]}}",
            "{\"filter\":{\"index\":[],\"errorCode\":null}}")) {
      redrive(parent, body).isProblem(400, "empty_filter");
    }
    for (String body :
        List.of(
            "{\"filter\":5}",
            "{\"filter\":{\"state\":\"PENDING\"}}",
            "{\"filter\":{\"statusCode\":\"500\"}}",
            "{\"filter\":{\"index\":-1}}",
            "{\"filter\":{\"index\":1.5}}",
            "{\"filter\":{\"errorCode\":1}}",
            "{\"filter\":{\"index\":0},\"confirmInDoubt\":\"yes\"}",
            "{\"filter\":{\"index\":0},\"idempotencyKey\":\"other\"}")) {
      redrive(parent, body).isProblem(400, "invalid_value");
    }
    redrive(parent, "{\"filter\":{\"destination\":\"x\"}}").isProblem(400, "invalid_destination");
    redrive(parent, "{\"filter\":{\"states\":[]}}").isProblem(400, "unknown_field");
    redrive(parent, "{\"filter\":{\"index\":0},\"overrides\":{}}").isProblem(422, "not_supported");
    redrive(parent, "{\"filter\":{\"index\":0}}").isProblem(422, "nothing_to_redrive");
  }

  @Test
  void saysWhenTheInputsAreGone() {
    BatchRef parent = batch(1);
    store.settle(parent, List.of(failed(0, 500, "a")));
    store.dropPayloads();

    redrive(parent, FAILED).isProblem(410, "payload_expired");
  }

  @Test
  void regroupsManyItemsByDestination() {
    List<Item> partner = new ArrayList<>();
    List<Item> other = new ArrayList<>();
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      (i % 2 == 0 ? partner : other).add(item(i, null));
      outcomes.add(failed(i, 503, "x"));
    }
    BatchRef parent = batch("many", Map.of("k", "v"), Map.of(PARTNER, partner, OTHER, other));
    store.settle(parent, outcomes);

    Answer answer = redrive(parent, "{\"filter\":{\"destination\":\"" + OTHER.key() + "\"}}");

    BatchRef child = child(answer);
    assertThat(answer.json().path("counts").path("total").asLong()).isEqualTo(250);
    assertThat(answer.json().path("metadata").path("k").asString()).isEqualTo("v");
    assertThat(items(child.publicId())).extracting(Item::index).isSorted().doesNotHaveDuplicates();
    assertThat(child(redrive(parent, FAILED))).isNotNull();
  }
}
