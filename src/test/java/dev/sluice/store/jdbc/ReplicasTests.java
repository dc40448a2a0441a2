package dev.sluice.store.jdbc;

import static dev.sluice.store.StoreFixture.ALPHA;
import static dev.sluice.store.StoreFixture.all;
import static dev.sluice.store.StoreFixture.claimAll;
import static dev.sluice.store.StoreFixture.outcome;
import static dev.sluice.store.StoreFixture.sealed;
import static dev.sluice.store.StoreFixture.shard;
import static dev.sluice.store.StoreFixture.some;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.model.BatchState;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.NewShard;
import dev.sluice.store.ResultRecord;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.SettleReport;
import dev.sluice.store.Tenants;
import dev.sluice.store.TestClock;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** Several processes on one PostgreSQL; each beats and looks at the others when it is told to. */
class ReplicasTests {

  private static final Duration HALF_A_SECOND = Duration.ofMillis(500);
  private static final Duration LIMIT = Duration.ofMinutes(4);

  private final TestClock clock = new TestClock();
  private final TestReplicas replicas = new TestReplicas(clock);

  @AfterEach
  void close() {
    replicas.close();
  }

  /** Lets time pass for the living; everybody else is silent. */
  private void pass(Duration time, PostgresStore... living) {
    for (long i = 0; i < time.toMillis() / HALF_A_SECOND.toMillis(); i++) {
      clock.advance(HALF_A_SECOND);
      for (PostgresStore store : living) {
        store.membership().beat();
      }
      for (PostgresStore store : living) {
        store.peers().look();
      }
    }
  }

  private static ShardQueue queue(PostgresStore store) {
    return store.roles().shardQueue();
  }

  private static BatchRef batch(PostgresStore store, int shards) {
    return sealed(
        store.roles().batchWriter(),
        IntStream.range(0, shards)
            .mapToObj(i -> shard(ALPHA, i * 10L, 10))
            .toArray(NewShard[]::new));
  }

  @Test
  void noShardIsGivenToTwo() throws Exception {
    List<PostgresStore> stores = List.of(replicas.open(), replicas.open(), replicas.open());
    batch(stores.getFirst(), 60);
    List<Long> claimed = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(stores.size())) {
      List<Callable<List<Long>>> tasks =
          stores.stream().map(store -> (Callable<List<Long>>) () -> claimUntilNone(store)).toList();
      for (Future<List<Long>> task : threads.invokeAll(tasks)) {
        claimed.addAll(task.get());
      }
    }
    assertThat(claimed).hasSize(60).doesNotHaveDuplicates();
  }

  private static List<Long> claimUntilNone(PostgresStore store) {
    List<Long> claimed = new ArrayList<>();
    List<ClaimedShard> shards = claimAll(queue(store), 20);
    while (!shards.isEmpty()) {
      shards.forEach(shard -> claimed.add(shard.lease().shardId()));
      shards = claimAll(queue(store), 20);
    }
    return claimed;
  }

  @Test
  void whatASilentReplicaHeldIsTakenOverAfterTwelveSecondsAndNotBefore() {
    PostgresStore silent = replicas.open();
    PostgresStore other = replicas.open();
    batch(silent, 1);
    ClaimedShard held = claimAll(queue(silent), 100).getFirst();
    pass(Duration.ofSeconds(12), other);
    assertThat(claimAll(queue(other), 100)).as("the first look begins the silence").isEmpty();
    pass(HALF_A_SECOND, other);
    ClaimedShard taken = claimAll(queue(other), 100).getFirst();
    assertThat(taken.lease().shardId()).isEqualTo(held.lease().shardId());
    assertThat(taken.lease().token()).isGreaterThan(held.lease().token());
    assertThat(taken.crashes()).isEqualTo(1);
  }

  /** No time-out of the server ends a COPY whose client has fallen silent. */
  @Test
  void whatACopyOfADeadReplicaKeepsLockedIsTakenOver() throws SQLException {
    PostgresStore silent = replicas.open();
    PostgresStore other = replicas.open();
    batch(silent, 1);
    long shard = claimAll(queue(silent), 100).getFirst().lease().shardId();
    try (Connection abandoned = replicas.database().connect();
        Statement statement = abandoned.createStatement()) {
      abandoned.setAutoCommit(false);
      statement.execute("SELECT 1 FROM shard WHERE id = " + shard + " FOR UPDATE");
      CopyIn copy =
          abandoned.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY outcome_run FROM STDIN");
      assertThat(copy.isActive()).isTrue();
      pass(Duration.ofSeconds(12), other);
      assertThat(claimAll(queue(other), 100)).isEmpty();
      await()
          .atMost(LIMIT)
          .until(
              () -> {
                pass(HALF_A_SECOND, other);
                return claimAll(queue(other), 100).size() == 1;
              });
    }
  }

  @Test
  void whoBeatsKeepsWhatItHolds() {
    PostgresStore first = replicas.open();
    PostgresStore second = replicas.open();
    batch(first, 1);
    assertThat(claimAll(queue(first), 100)).hasSize(1);
    pass(Duration.ofSeconds(40), first, second);
    assertThat(claimAll(queue(second), 100)).isEmpty();
  }

  @Test
  void anHourInWhichNobodyCouldSeeMakesNobodySilent() {
    PostgresStore first = replicas.open();
    PostgresStore second = replicas.open();
    batch(first, 1);
    assertThat(claimAll(queue(first), 100)).hasSize(1);
    pass(Duration.ofSeconds(9), first, second);
    long replica = first.replica();
    clock.advance(Duration.ofHours(1));
    second.peers().look();
    assertThat(claimAll(queue(second), 100)).isEmpty();
    pass(Duration.ofSeconds(40), first, second);
    assertThat(claimAll(queue(second), 100)).isEmpty();
    assertThat(first.replica()).as("nobody took it for dead").isEqualTo(replica);
  }

  @Test
  void whoIsNotHeardHimselfTakesNobodyForDead() {
    PostgresStore first = replicas.open();
    PostgresStore second = replicas.open();
    batch(first, 1);
    assertThat(claimAll(queue(first), 100)).hasSize(1);
    pass(Duration.ofSeconds(1), first, second);
    for (int i = 0; i < 60; i++) {
      clock.advance(HALF_A_SECOND);
      second.peers().look();
    }
    second.membership().beat();
    second.peers().look();
    assertThat(claimAll(queue(second), 100)).isEmpty();
    pass(Duration.ofSeconds(13), second);
    assertThat(claimAll(queue(second), 100)).hasSize(1);
  }

  @Test
  void whoBeatsInTheLastMomentIsNotRetired() throws SQLException {
    PostgresStore store = replicas.open();
    store.membership().beat();
    try (Session peer = new Session(replicas.database().connect(), Dialect.POSTGRES, new Owner())) {
      long id = store.replica();
      assertThat(Replicas.retireSilent(peer, new Replicas.Live(id, 0))).isFalse();
      assertThat(Replicas.retireSilent(peer, new Replicas.Live(id, 1))).isTrue();
    }
  }

  @Test
  void leasesAreSurelyHeldForNineSecondsAfterABeat() {
    PostgresStore store = replicas.open();
    assertThat(queue(store).holdsLeases(clock.nanoTime())).as("as a new replica").isTrue();
    clock.advance(Duration.ofSeconds(5));
    store.membership().beat();
    clock.advance(Duration.ofMillis(8_999));
    assertThat(queue(store).holdsLeases(clock.nanoTime())).isTrue();
    clock.advance(Duration.ofMillis(1));
    assertThat(queue(store).holdsLeases(clock.nanoTime())).isFalse();
    store.membership().beat();
    assertThat(queue(store).holdsLeases(clock.nanoTime())).isTrue();
  }

  @Test
  void aZombieSettlesNothingIsToldAndGoesOnAsAnother() {
    PostgresStore zombie = replicas.open();
    PostgresStore other = replicas.open();
    AtomicInteger told = new AtomicInteger();
    queue(zombie)
        .onLeasesLost(
            () -> {
              assertThat(queue(zombie).holdsLeases(clock.nanoTime())).isFalse();
              told.incrementAndGet();
            });
    BatchRef batch = batch(zombie, 1);
    long before = zombie.replica();
    ClaimedShard held = claimAll(queue(zombie), 100).getFirst();
    pass(Duration.ofSeconds(13), other);
    ClaimedShard taken = claimAll(queue(other), 100).getFirst();

    SettleReport late =
        queue(zombie)
            .settle(List.of(some(held.lease(), outcome(0, OutcomeState.FAILED, clock.instant()))));
    assertThat(late.fenced()).containsExactly(held.lease());
    assertThat(late.inserted()).isEmpty();
    assertThat(queue(zombie).intend(List.of(new Intent(held.lease(), 1, 0, 9))))
        .containsExactly(held.lease());
    queue(zombie).giveBack(List.of(new GivenBack(held.lease(), null)));
    assertThat(claimAll(queue(zombie), 100)).isEmpty();

    assertThat(queue(zombie).holdsLeases(clock.nanoTime())).isFalse();
    zombie.membership().beat();
    assertThat(told).hasValue(1);
    assertThat(zombie.replica()).isGreaterThan(other.replica()).isNotEqualTo(before);
    assertThat(queue(zombie).holdsLeases(clock.nanoTime())).isTrue();
    pass(Duration.ofSeconds(20), zombie, other);
    assertThat(told).as("once").hasValue(1);

    SettleReport settled =
        queue(other).settle(List.of(all(taken, OutcomeState.SUCCEEDED, clock.instant())));
    assertThat(settled.fenced()).isEmpty();
    other.roles().housekeeping().finish(settled.drainedBatches());
    BatchRecord record = read(other, batch);
    assertThat(record.state()).isEqualTo(BatchState.COMPLETED);
    assertThat(record.counts().succeeded()).isEqualTo(10);
    assertThat(record.counts().settled()).isEqualTo(10);
  }

  @Test
  void aClaimOfARetiredReplicaDoesNotOutliveTheSweep() {
    PostgresStore retired = replicas.open();
    PostgresStore other = replicas.open();
    pass(Duration.ofSeconds(1), other);
    other.takeOver(retired.replica());
    batch(other, 1);
    assertThat(claimAll(queue(retired), 100)).as("it does not know yet").hasSize(1);
    pass(Peers.SWEEP.plus(HALF_A_SECOND), other);
    assertThat(claimAll(queue(other), 100)).hasSize(1);
  }

  @Test
  void whoEndsInOrderLeavesWhatItHeldAtOnce() {
    PostgresStore leaving = replicas.open();
    PostgresStore other = replicas.open();
    pass(Duration.ofSeconds(1), leaving, other);
    batch(leaving, 1);
    assertThat(claimAll(queue(leaving), 100)).hasSize(1);
    leaving.close();
    pass(HALF_A_SECOND, other);
    assertThat(claimAll(queue(other), 100)).hasSize(1);
  }

  /** As if ten million transactions had come before in the database that was dumped. */
  @Test
  void resultsGoOnGrowingInADatabaseRestoredFromADump() throws SQLException {
    PostgresStore before = replicas.open();
    BatchRef batch = batch(before, 2);
    List<ClaimedShard> shards = claimAll(queue(before), 100);
    settle(before, List.of(all(shards.getFirst(), OutcomeState.SUCCEEDED, clock.instant())));
    queue(before).giveBack(List.of(new GivenBack(shards.getLast().lease(), null)));
    try (Connection connection = replicas.database().connect();
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE transaction_origin SET seen = seen + 10000000");
      statement.execute("UPDATE outcome_run SET seq = seq + (10000000::bigint << 20)");
    }
    PostgresStore restored = replicas.open();
    ClaimedShard rest = claimAll(queue(restored), 100).getFirst();
    settle(restored, List.of(all(rest, OutcomeState.SUCCEEDED, clock.instant())));

    List<ResultRecord> results =
        restored.roles().batchReader().results(batch, ItemFilter.ALL, 0, 100, false).results();
    assertThat(results).hasSize(20);
    assertThat(results.subList(10, 20))
        .allSatisfy(
            result ->
                assertThat(result.outcome().index())
                    .isBetween(rest.firstIndex(), rest.firstIndex() + 9));
  }

  @Test
  void aSlotIsUsedAgainAndAnIdIsNot() {
    PostgresStore first = replicas.open();
    PostgresStore second = replicas.open();
    PostgresStore third = replicas.open();
    assertThat(List.of(first.slot(), second.slot(), third.slot())).containsExactly(0, 1, 2);
    second.close();
    PostgresStore fourth = replicas.open();
    assertThat(fourth.slot()).isEqualTo(1);
    assertThat(fourth.replica()).isGreaterThan(third.replica());
  }

  @Test
  void aStepOfHousekeepingRunsOnOneReplicaAtATime() throws SQLException {
    PostgresStore store = replicas.open();
    batch(store, 1);
    Lease lease = claimAll(queue(store), 100).getFirst().lease();
    queue(store).giveBack(List.of(new GivenBack(lease, clock.instant().plusSeconds(60))));
    clock.advance(Duration.ofMinutes(2));
    try (Connection busy = replicas.database().connect()) {
      busy.setAutoCommit(false);
      assertThat(Turn.PROMOTE.tryTake(new Session(busy, Dialect.POSTGRES, new Owner()))).isTrue();
      assertThat(store.roles().housekeeping().promoteDue(100)).isZero();
      busy.rollback();
    }
    assertThat(store.roles().housekeeping().promoteDue(100)).isEqualTo(1);
  }

  @Test
  void aReadyShardThatIsLockedForAMomentIsClaimedLater() throws SQLException {
    PostgresStore store = replicas.open();
    batch(store, 1);
    try (Connection late = replicas.database().connect()) {
      late.setAutoCommit(false);
      assertThat(late.createStatement().executeQuery("SELECT id FROM shard FOR UPDATE").next())
          .isTrue();
      assertThat(claimAll(queue(store), 100)).isEmpty();
      late.rollback();
    }
    assertThat(claimAll(queue(store), 100)).hasSize(1);
  }

  @Test
  void theOthersHearAtOnceThatThereIsWork() {
    PostgresStore telling = replicas.open().start();
    PostgresStore hearing = replicas.open();
    AtomicInteger heard = new AtomicInteger();
    queue(hearing).onReady(heard::incrementAndGet);
    hearing.start();
    await().until(() -> heard.get() > 0);
    int before = heard.get();
    batch(telling, 1);
    await().until(() -> heard.get() > before);
    assertThat(claimAll(queue(hearing), 100)).hasSize(1);
  }

  /** Three workers that claim, settle and give back while each is taken for dead now and then. */
  @Test
  void everyItemEndsOnceWhoeverIsTakenForDead() throws Exception {
    int shards = 120;
    List<PostgresStore> stores = List.of(replicas.open(), replicas.open(), replicas.open());
    BatchRef batch = batch(stores.getFirst(), shards);
    AtomicInteger retired = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(stores.size())) {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < stores.size(); i++) {
        PostgresStore store = stores.get(i);
        PostgresStore victim = stores.get((i + 1) % stores.size());
        Random random = new Random(i);
        tasks.add(
            () -> {
              long deadline = System.nanoTime() + LIMIT.toNanos();
              while (!isOver(store, batch) && System.nanoTime() - deadline < 0) {
                if (random.nextInt(8) == 0) {
                  retired.incrementAndGet();
                  store.takeOver(victim.replica());
                }
                work(store, random);
                store.membership().beat();
                var _ = store.peers().takeOver();
              }
              return null;
            });
      }
      for (Future<Void> task : threads.invokeAll(tasks)) {
        task.get();
      }
    }
    assertThat(retired).as("faults").hasPositiveValue();
    BatchRecord record = read(stores.getFirst(), batch);
    assertThat(record.counts().succeeded()).isEqualTo(shards * 10L);
    assertThat(record.counts().settled()).isEqualTo(shards * 10L);
    List<Long> indexes =
        stores
            .getFirst()
            .roles()
            .batchReader()
            .results(batch, ItemFilter.ALL, 0, shards * 10 + 1, false)
            .results()
            .stream()
            .map(ResultRecord::outcome)
            .map(outcome -> outcome.index())
            .toList();
    assertThat(indexes).hasSize(shards * 10).doesNotHaveDuplicates();
  }

  private void work(PostgresStore store, Random random) {
    List<ClaimedShard> claimed = claimAll(queue(store), 30);
    for (ClaimedShard shard : claimed) {
      if (random.nextInt(4) == 0) {
        queue(store).giveBack(List.of(new GivenBack(shard.lease(), null)));
      } else {
        settle(
            store,
            List.of(
                some(
                    shard.lease(),
                    outcome(shard.firstIndex(), OutcomeState.SUCCEEDED, clock.instant()))));
        settle(store, List.of(all(shard, OutcomeState.SUCCEEDED, clock.instant())));
      }
    }
    var _ = store.roles().housekeeping().followBatchStates(100);
  }

  private static void settle(PostgresStore store, List<ShardQueue.Settlement> settlements) {
    store.roles().housekeeping().finish(queue(store).settle(settlements).drainedBatches());
  }

  private static boolean isOver(PostgresStore store, BatchRef batch) {
    return read(store, batch).state() == BatchState.COMPLETED;
  }

  private static BatchRecord read(PostgresStore store, BatchRef batch) {
    return store.roles().batchReader().batch(Tenants.DEFAULT, batch.publicId()).orElseThrow();
  }
}
