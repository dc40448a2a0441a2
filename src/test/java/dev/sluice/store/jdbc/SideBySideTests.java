package dev.sluice.store.jdbc;

import static dev.sluice.store.StoreFixture.ALPHA;
import static dev.sluice.store.StoreFixture.BY_TEST;
import static dev.sluice.store.StoreFixture.all;
import static dev.sluice.store.StoreFixture.claimAll;
import static dev.sluice.store.StoreFixture.sealed;
import static dev.sluice.store.StoreFixture.shard;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.Canary;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.TestClock;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What two replicas commit in the same moment, and neither sees of the other before. */
class SideBySideTests {

  /** Chance brings them together; so often it does. */
  private static final int TIMES = 60;

  private final TestClock clock = new TestClock();
  private final TestReplicas replicas = new TestReplicas(clock);
  private PostgresStore one;
  private PostgresStore other;

  @BeforeEach
  void open() {
    one = replicas.open();
    other = replicas.open();
  }

  @AfterEach
  void close() {
    replicas.close();
  }

  private static ShardQueue queue(PostgresStore store) {
    return store.roles().shardQueue();
  }

  private static void together(Runnable first, Runnable second) throws Exception {
    CyclicBarrier begin = new CyclicBarrier(2);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Callable<Void>> tasks =
          List.of(first, second).stream()
              .map(
                  task ->
                      (Callable<Void>)
                          () -> {
                            begin.await();
                            task.run();
                            return null;
                          })
              .toList();
      for (Future<Void> task : threads.invokeAll(tasks)) {
        task.get();
      }
    }
  }

  private void settle(PostgresStore store, ClaimedShard shard) {
    store
        .roles()
        .housekeeping()
        .finish(
            queue(store)
                .settle(List.of(all(shard, OutcomeState.SUCCEEDED, clock.instant())))
                .drainedBatches());
  }

  @Test
  void theLastOutcomesOfACanaryLetTheRestGo() throws Exception {
    BatchOptions options = BatchOptions.DEFAULT.change().canary(new Canary(20, 0.1)).build();
    for (int i = 0; i < TIMES; i++) {
      sealed(
          one.roles().batchWriter(),
          options,
          shard(ALPHA, 0, 10),
          shard(ALPHA, 10, 10),
          shard(ALPHA, 20, 10));
      ClaimedShard mine = claimAll(queue(one), 10).getFirst();
      ClaimedShard yours = claimAll(queue(other), 10).getFirst();
      assertThat(claimAll(queue(one), 10)).as("held until the canary is judged").isEmpty();

      together(() -> settle(one, mine), () -> settle(other, yours));

      List<ClaimedShard> rest = claimAll(queue(other), 10);
      assertThat(rest).as("time %d", i).hasSize(1);
      settle(other, rest.getFirst());
    }
  }

  @Test
  void whatIsGivenBackWhileItsBatchIsResumedIsClaimable() throws Exception {
    for (int i = 0; i < TIMES; i++) {
      BatchRef batch = sealed(one.roles().batchWriter(), shard(ALPHA, 0, 10));
      ClaimedShard held = claimAll(queue(one), 10).getFirst();
      var _ = one.roles().controlBoard().pause(batch.id(), BY_TEST);

      together(
          () -> queue(one).giveBack(List.of(new GivenBack(held.lease(), null))),
          () -> {
            var _ = other.roles().controlBoard().resume(batch.id(), BY_TEST);
          });

      List<ClaimedShard> again = claimAll(queue(other), 10);
      assertThat(again).as("time %d", i).hasSize(1);
      settle(other, again.getFirst());
    }
  }
}
