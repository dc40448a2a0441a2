package dev.sluice.dispatch;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Delivery;
import dev.sluice.model.HaltOn;
import dev.sluice.model.Item;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.RetryOptions;
import dev.sluice.store.ShardEncoder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What a run is made of, drawn from its random numbers: limits, batches, shards. */
final class SimulationPlan {

  private static final Duration LONG = Duration.ofDays(365);

  private final Random random;
  private final Instant start;
  private long shardId;

  SimulationPlan(Random random, Instant start) {
    this.random = random;
    this.start = start;
  }

  private int between(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  private Duration millis(int least, int most) {
    return Duration.ofMillis(between(least, most));
  }

  private <T> @Nullable T sometimes(T value) {
    return random.nextInt(4) == 0 ? value : null;
  }

  @SafeVarargs
  private final <T> T oneOf(T... values) {
    return values[random.nextInt(values.length)];
  }

  DispatchProperties properties() {
    int ceiling = between(1, 8);
    int flushSize = between(1, 10);
    return new DispatchProperties(
        random.nextBoolean() ? null : between(1, ceiling),
        between(1, 4),
        ceiling,
        between(1, 12),
        null,
        null,
        null,
        between(2, 40),
        0.2,
        between(1, 4),
        millis(1000, 20_000),
        flushSize + between(0, 20),
        flushSize,
        millis(1, 20),
        between(1, 20),
        millis(10, 50),
        millis(100, 3000),
        millis(200, 2000),
        millis(100, 2000),
        new DispatchProperties.Breaker(
            oneOf(0.5, 0.8, 1.0),
            between(3, 10),
            Duration.ofSeconds(5),
            millis(500, 1000),
            Duration.ofSeconds(4),
            between(1, 3)),
        new DispatchProperties.Retention(LONG, LONG, LONG));
  }

  private BatchOptions options() {
    Delivery delivery = random.nextInt(3) == 0 ? Delivery.AT_MOST_ONCE : Delivery.AT_LEAST_ONCE;
    RetryOptions usual = RetryOptions.defaultFor(delivery);
    RetryOptions retry =
        new RetryOptions(
            between(1, 5),
            millis(5, 500),
            2,
            Duration.ofSeconds(5),
            oneOf(usual.maxElapsed(), usual.maxElapsed(), Duration.ofSeconds(2)),
            oneOf(RetryOptions.Jitter.values()),
            usual.on(),
            usual.notOn(),
            oneOf(0.0, 0.2, 1.0));
    BatchOptions.Builder options =
        BatchOptions.DEFAULT
            .change()
            .delivery(delivery)
            .retry(retry)
            .concurrency(sometimes(between(1, 3)))
            .timeout(millis(200, 2000))
            .weight(between(1, 3))
            .notBefore(sometimes(start.plusMillis(between(0, 5000))))
            .deadline(random.nextInt(8) == 0 ? start.plusMillis(between(0, 10_000)) : null)
            .onBreakerOpen(
                oneOf(
                    BatchOptions.OnBreakerOpen.PARK,
                    BatchOptions.OnBreakerOpen.PARK,
                    BatchOptions.OnBreakerOpen.FAIL));
    if (random.nextInt(6) == 0) {
      options.haltOn(new HaltOn(0.5, between(1, 10), 0, oneOf(HaltOn.Action.values())));
    }
    return options.build();
  }

  /** Fills the store with batches and gives their items by idempotency key. */
  void fill(SimulatedStore store, Map<String, SimulatedWorld.SentItem> items) {
    int destinations = between(1, 3);
    for (int id = 1; id <= destinations; id++) {
      store.add(id, SimulatedWorld.destination(id));
    }
    int batches = between(1, 3);
    for (int id = 1; id <= batches; id++) {
      int total = between(1, 60 / batches);
      StoredBatch batch = new StoredBatch(id, options(), total);
      store.add(batch);
      int shardSize = between(1, 12);
      for (int destination = 1; destination <= destinations; destination++) {
        List<Long> own = new ArrayList<>();
        for (long index = destination - 1L; index < total; index += destinations) {
          own.add(index);
        }
        for (int from = 0; from < own.size(); from += shardSize) {
          List<Long> part = List.copyOf(own.subList(from, Math.min(own.size(), from + shardSize)));
          add(store, batch, destination, part, items);
        }
      }
    }
  }

  private void add(
      SimulatedStore store,
      StoredBatch batch,
      long destination,
      List<Long> indexes,
      Map<String, SimulatedWorld.SentItem> items) {
    ShardEncoder encoder = new ShardEncoder(indexes.getFirst());
    OutboundRequest request =
        new OutboundRequest("POST", "/", List.of(), BodyKind.NONE, new byte[0]);
    indexes.forEach(index -> encoder.add(new Item(index, null, request, null, null, null)));
    StoredShard shard =
        new StoredShard(
            ++shardId,
            batch,
            destination,
            SimulatedWorld.destination(destination),
            indexes,
            encoder.finish());
    store.add(shard);
    for (Long index : indexes) {
      items.put(
          batch.terms.batch().publicId() + '-' + index, new SimulatedWorld.SentItem(shard, index));
    }
  }
}
