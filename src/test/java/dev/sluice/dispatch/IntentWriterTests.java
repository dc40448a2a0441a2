package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The intent path against a store that can fail. */
class IntentWriterTests {

  private static final Lease FIRST = new Lease(1, 1, 1, 1);
  private static final Lease SECOND = new Lease(2, 1, 1, 1);

  private final RecordingQueue queue = new RecordingQueue();
  private final Queue<Lease> lost = new ConcurrentLinkedQueue<>();
  private final Queue<Set<Lease>> answers = new ConcurrentLinkedQueue<>();
  private final IntentWriter writer = new IntentWriter(queue, ProcessClock.system());

  @BeforeEach
  void start() {
    writer.start(lost::add);
  }

  @AfterEach
  void stop() throws InterruptedException {
    writer.stop(5_000);
  }

  private void intend(Lease... leases) {
    List<Intent> intents = new ArrayList<>();
    for (Lease lease : leases) {
      intents.add(new Intent(lease, 1, 0, 0));
    }
    writer.intend(intents, answers::add);
  }

  @Test
  void whatIsOnDiskIsAnsweredWithTheLeasesThatHadMovedOn() {
    queue.fenced = List.of(SECOND);
    intend(FIRST, SECOND);
    await().until(() -> !answers.isEmpty());
    assertThat(answers).containsExactly(Set.of(SECOND));
    assertThat(lost).containsExactly(SECOND);
  }

  @Test
  void aFailingStoreIsAskedAgain() {
    queue.failing.set(true);
    intend(FIRST);
    await().until(() -> queue.failures.get() > 1);
    assertThat(answers).isEmpty();
    queue.failing.set(false);
    await().until(() -> !answers.isEmpty());
    assertThat(queue.intended).hasSize(1);
  }

  /** Whoever waits holds places, and a shard whose places are not left keeps its lease. */
  @Test
  void whatTheStoreDidNotTakeIsRefusedAtTheStop() throws InterruptedException {
    queue.failing.set(true);
    intend(FIRST);
    await().until(() -> queue.failures.get() > 0);
    intend(SECOND);
    writer.stop(5_000);
    assertThat(answers).containsExactly(Set.of(FIRST), Set.of(SECOND));
    assertThat(lost).as("leases that others have").isEmpty();
  }

  @Test
  void whatIsAskedForAfterTheStopIsRefusedAtOnce() throws InterruptedException {
    writer.stop(5_000);
    intend(FIRST);
    assertThat(answers).containsExactly(Set.of(FIRST));
    assertThat(queue.intended).isEmpty();
  }

  private static final class RecordingQueue implements ShardQueue {
    private final Queue<Intent> intended = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean failing = new AtomicBoolean();
    private final AtomicInteger failures = new AtomicInteger();
    private volatile List<Lease> fenced = List.of();

    @Override
    public List<Lease> intend(List<Intent> intents) {
      if (failing.get()) {
        failures.incrementAndGet();
        throw new StoreException(StoreException.Kind.UNAVAILABLE, "busy");
      }
      intended.addAll(intents);
      return fenced;
    }

    @Override
    public SettleReport settle(List<Settlement> settlements) {
      throw new UnsupportedOperationException("Outcomes go another way");
    }

    @Override
    public void giveBack(List<GivenBack> shards) {
      throw new UnsupportedOperationException("Shards go back another way");
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
