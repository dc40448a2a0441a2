package dev.sluice.store;

import dev.sluice.model.Attempt;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.ItemError;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.StateReason;
import dev.sluice.store.BatchWriter.Begun;
import dev.sluice.store.BatchWriter.UploadOpening;
import dev.sluice.store.BatchWriter.UploadSummary;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.Settlement;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Builds what store tests talk about. */
public final class StoreFixture {

  public static final Destination ALPHA = new Destination("https", "alpha.example", 443);
  public static final Destination BETA = new Destination("http", "beta.example", 8080);
  public static final StateReason BY_TEST = new StateReason("test", "A test asked for it.", "test");

  private StoreFixture() {}

  public static byte[] fingerprint() {
    return new byte[32];
  }

  public static NewBatch oneShot(@Nullable String key) {
    return batch(key, false, BatchOptions.DEFAULT);
  }

  public static NewBatch open(@Nullable String key) {
    return batch(key, true, BatchOptions.DEFAULT);
  }

  @SuppressWarnings("NullAway") // The checker does not see @Nullable on arrays in class files.
  public static NewBatch batch(@Nullable String key, boolean open, BatchOptions options) {
    return new NewBatch(
        Tenants.DEFAULT,
        "name",
        Map.of("team", "blue"),
        options,
        null,
        open,
        key,
        open ? fingerprint() : null,
        null);
  }

  public static Item item(long index) {
    return new Item(
        index,
        "id-" + index,
        new OutboundRequest(
            "POST",
            "/hook/" + index,
            List.of(new Header("Content-Type", "application/json")),
            BodyKind.JSON,
            ("{\"n\":" + index + "}").getBytes(StandardCharsets.UTF_8)),
        null,
        null,
        null);
  }

  /** A shard of items with the indexes from {@code first} in steps of {@code step}. */
  public static NewShard shard(Destination destination, long first, int count, int step) {
    ShardEncoder encoder = new ShardEncoder(first);
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Item item = item(first + (long) i * step);
      encoder.add(item);
      ids.add(item.id());
    }
    return NewShard.of(destination, encoder, ids);
  }

  public static NewShard shard(Destination destination, long first, int count) {
    return shard(destination, first, count, 1);
  }

  public static UploadSummary summary(long items) {
    return new UploadSummary(items, items * 100, fingerprint());
  }

  public static BatchRef begin(BatchWriter writer, NewBatch batch) {
    return ((Begun.Created) writer.begin(batch)).batch();
  }

  public static long openUpload(BatchWriter writer, BatchRef batch) {
    return ((UploadOpening.Opened) writer.openUpload(batch.id(), null, null)).uploadId();
  }

  /** A sealed batch of the shards, whose items count from 0. */
  public static BatchRef sealed(BatchWriter writer, BatchOptions options, NewShard... shards) {
    BatchRef batch = begin(writer, batch(null, false, options));
    long upload = openUpload(writer, batch);
    writer.append(upload, List.of(shards));
    long items = 0;
    for (NewShard shard : shards) {
      items += shard.itemCount();
    }
    writer.commitAndSeal(upload, summary(items));
    return batch;
  }

  public static BatchRef sealed(BatchWriter writer, NewShard... shards) {
    return sealed(writer, BatchOptions.DEFAULT, shards);
  }

  /** Claims from every ready destination. */
  public static List<ClaimedShard> claimAll(ShardQueue queue, int maxItems) {
    return queue.claim(
        queue.ready(0, 1000).stream()
            .map(ready -> new ClaimRequest(ready.id(), maxItems, Long.MAX_VALUE, Set.of()))
            .toList());
  }

  public static Outcome outcome(long index, OutcomeState state, Instant at) {
    boolean success = state == OutcomeState.SUCCEEDED;
    return new Outcome(
        index,
        "id-" + index,
        state,
        success ? 200 : 500,
        1,
        12,
        at,
        success ? null : new ItemError("http_status", "The destination answered 500."),
        null);
  }

  public static Attempt attempt(long index, int number, Attempt.Kind kind, Instant at) {
    return new Attempt(
        index, number, kind, kind == Attempt.Kind.RETRYABLE ? 503 : 0, "code", at, 5, at, true);
  }

  /** Settles all items of a shard alike. */
  public static Settlement all(ClaimedShard shard, OutcomeState state, Instant at) {
    List<Outcome> outcomes = new ArrayList<>();
    ShardDecoder items = shard.items();
    for (int i = 0; i < items.itemCount(); i++) {
      outcomes.add(outcome(items.index(i), state, at));
    }
    return new Settlement(shard.lease(), outcomes, List.of());
  }

  public static Settlement some(Lease lease, Outcome... outcomes) {
    return new Settlement(lease, List.of(outcomes), List.of());
  }
}
