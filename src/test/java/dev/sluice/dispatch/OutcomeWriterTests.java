package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.model.DispatchObserver;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.StoreException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** The outcome path against a store that can fail. */
class OutcomeWriterTests {

  private final RecordingQueue queue = new RecordingQueue();
  private final AtomicInteger roomCalls = new AtomicInteger();
  private final Queue<Lease> fenced = new ConcurrentLinkedQueue<>();
  private OutcomeWriter writer;

  @BeforeEach
  void start() {
    DispatchProperties properties =
        new Binder(
                new MapConfigurationPropertySource(
                    Map.of(
                        "sluice.dispatch.flush-size", "10",
                        "sluice.dispatch.outcome-buffer", "20",
                        "sluice.dispatch.flush-interval", "5ms")))
            .bindOrCreate("sluice.dispatch", DispatchProperties.class);
    writer = new OutcomeWriter(queue, properties, ProcessClock.system(), DispatchObserver.NONE);
    writer.start(roomCalls::incrementAndGet, report -> fenced.addAll(report.fenced()));
  }

  @AfterEach
  void stop() throws InterruptedException {
    queue.failing.set(false);
    writer.stop(5_000);
  }

  private static Lease lease(long shard) {
    return new Lease(shard, 1, 1, 1);
  }

  private static Outcome outcome(long index) {
    return new Outcome(index, null, OutcomeState.SUCCEEDED, 200, 1, 1, Instant.EPOCH, null, null);
  }

  @Test
  void storesEverythingInGroupsOfBoundedSize() {
    for (int i = 0; i < 95; i++) {
      writer.add(lease(i % 3), outcome(i));
    }
    await().until(() -> writer.unflushedCount() == 0);
    assertThat(queue.settled).hasSize(95);
    assertThat(queue.largestGroup.get()).isLessThanOrEqualTo(10);
    assertThat(roomCalls.get()).isGreaterThanOrEqualTo(10);
  }

  @Test
  void aFailingStoreLosesNothingAndFillsTheBuffer() {
    queue.failing.set(true);
    for (int i = 0; i < 20; i++) {
      writer.add(lease(1), outcome(i));
    }
    await().until(() -> queue.failures.get() > 1);
    assertThat(writer.hasRoom()).isFalse();
    assertThat(queue.settled).isEmpty();
    queue.failing.set(false);
    await().until(() -> writer.unflushedCount() == 0);
    assertThat(queue.settled).hasSize(20).doesNotHaveDuplicates();
    assertThat(writer.hasRoom()).isTrue();
  }

  @Test
  void aShardGoesBackAfterWhatWasSettledOfIt() {
    writer.add(lease(7), outcome(1));
    writer.giveBack(lease(7), null);
    await().until(() -> writer.unflushedCount() == 0);
    assertThat(queue.order).containsExactly("settle 7", "give back 7");
  }

  @Test
  void stoppingStoresWhatIsLeft() throws InterruptedException {
    for (int i = 0; i < 50; i++) {
      writer.add(lease(1), outcome(i));
    }
    writer.stop(5_000);
    assertThat(queue.settled).hasSize(50);
  }

  /** Its lease is what tells the next start that something of it may have been sent. */
  @Test
  void noShardGoesBackOnceOutcomesWereGivenUp() throws InterruptedException {
    queue.failure = StoreException.Kind.FULL;
    queue.failing.set(true);
    writer.add(lease(1), outcome(1));
    await().until(() -> queue.failures.get() > 0);
    writer.giveBack(lease(1), null);
    writer.giveBack(lease(2), null);
    writer.stop(5_000);
    assertThat(queue.order).isEmpty();
    assertThat(writer.unflushedCount()).isEqualTo(3);
  }

  @Test
  void lostLeasesAreTold() {
    queue.fencedShard = 3;
    writer.add(lease(3), outcome(1));
    writer.add(lease(4), outcome(2));
    await().until(() -> writer.unflushedCount() == 0);
    assertThat(fenced).extracting(Lease::shardId).containsExactly(3L);
  }

  private static final class RecordingQueue implements ShardQueue {
    private final Queue<Long> settled = new ConcurrentLinkedQueue<>();
    private final Queue<String> order = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean failing = new AtomicBoolean();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicInteger largestGroup = new AtomicInteger();
    private volatile long fencedShard = -1;
    private volatile StoreException.Kind failure = StoreException.Kind.UNAVAILABLE;

    @Override
    public SettleReport settle(List<Settlement> settlements) {
      if (failing.get()) {
        failures.incrementAndGet();
        throw new StoreException(failure, "busy");
      }
      int count = settlements.stream().mapToInt(s -> s.outcomes().size()).sum();
      largestGroup.accumulateAndGet(count, Math::max);
      settlements.forEach(this::accept);
      return new SettleReport(
          Map.of(OutcomeState.SUCCEEDED, count),
          settlements.stream()
              .map(Settlement::lease)
              .filter(lease -> lease.shardId() == fencedShard)
              .toList(),
          List.of(),
          List.of());
    }

    private void accept(Settlement settlement) {
      order.add("settle " + settlement.lease().shardId());
      settlement.outcomes().forEach(outcome -> settled.add(outcome.index()));
    }

    @Override
    public List<Lease> intend(List<Intent> intents) {
      throw new UnsupportedOperationException("Intents go another way");
    }

    @Override
    public void giveBack(List<GivenBack> shards) {
      shards.forEach(shard -> order.add("give back " + shard.lease().shardId()));
    }

    @Override
    public List<ReadyDestination> ready(long afterId, int limit) {
      return List.of();
    }

    @Override
    public List<ClaimedShard> claim(List<ClaimRequest> requests) {
      return List.of();
    }

    @Override
    public void onReady(Runnable listener) {
      throw new UnsupportedOperationException("The writer does not listen");
    }

    @Override
    public boolean holdsLeases(long nanoTime) {
      return true;
    }

    @Override
    public void onLeasesLost(Runnable listener) {
      // It has no peers.
    }
  }
}
