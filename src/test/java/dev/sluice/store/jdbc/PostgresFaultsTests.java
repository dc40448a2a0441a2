package dev.sluice.store.jdbc;

import static dev.sluice.store.StoreFixture.ALPHA;
import static dev.sluice.store.StoreFixture.BY_TEST;
import static dev.sluice.store.StoreFixture.all;
import static dev.sluice.store.StoreFixture.claimAll;
import static dev.sluice.store.StoreFixture.oneShot;
import static dev.sluice.store.StoreFixture.sealed;
import static dev.sluice.store.StoreFixture.shard;
import static dev.sluice.store.StoreFixture.summary;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.DatabaseProxy;
import dev.sluice.fixture.PostgresServer;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.BatchWriter.Begun;
import dev.sluice.store.BatchWriter.BegunUpload;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.SettleReport;
import dev.sluice.store.ShardQueue.Settlement;
import dev.sluice.store.StoreException;
import dev.sluice.store.Tenants;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A store whose database, or the way to it, fails. What is slow here ends long before any time-out
 * of a connection ({@link PostgresConnector#UNIT_ANSWER}), or the test fails.
 */
class PostgresFaultsTests {

  private static final Duration SOON = Duration.ofSeconds(8);

  /** What waits for a beat to fail, and the next one to come through, takes half of it. */
  private static final Duration BEFORE_ITS_TIME_OUT =
      PostgresConnector.UNIT_ANSWER.minus(Duration.ofSeconds(3));

  private final ProcessClock clock = ProcessClock.system();
  private final TestReplicas replicas = new TestReplicas(clock);
  private final DatabaseProxy proxy = DatabaseProxy.to(replicas.server());
  private final PostgresStore store = replicas.open(proxy, Map.of("connections", "5"));

  @AfterEach
  void close() {
    proxy.heal();
    replicas.close();
    proxy.close();
  }

  private ShardQueue queue() {
    return store.roles().shardQueue();
  }

  private BatchRef batch() {
    return sealed(store.roles().batchWriter(), shard(ALPHA, 0, 10));
  }

  private BatchRecord record(BatchRef batch) {
    return store.roles().batchReader().batch(Tenants.DEFAULT, batch.publicId()).orElseThrow();
  }

  private static void isUnavailable(CompletableFuture<?> call) {
    isUnavailableWithin(SOON, call);
  }

  private static void isUnavailableWithin(Duration limit, CompletableFuture<?> call) {
    assertThat(call)
        .failsWithin(limit)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isInstanceOfSatisfying(
            StoreException.class,
            e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE));
  }

  @Test
  void callersOfASilentDatabaseAreAnswered() {
    BatchRef batch = batch();
    store.start();
    proxy.silence();
    isUnavailable(CompletableFuture.supplyAsync(() -> record(batch)));
    isUnavailable(
        CompletableFuture.supplyAsync(() -> store.roles().batchReader().failures(batch, 10)));
    isUnavailable(
        CompletableFuture.supplyAsync(
            () -> store.roles().controlBoard().pause(batch.id(), BY_TEST)));
    isUnavailable(
        CompletableFuture.supplyAsync(() -> store.roles().batchWriter().begin(oneShot(null))));
    isUnavailable(CompletableFuture.runAsync(store::check));
    proxy.heal();
    await().atMost(SOON).ignoreExceptions().until(() -> record(batch).counts().total() == 10);
    await().atMost(SOON).ignoreExceptions().untilAsserted(store::check);
  }

  @Test
  void aCallerDoesNotWaitForAStatementThatTakesLong() {
    store.start();
    StoreReader points = store.reader(Patience.SHORT);
    isUnavailable(
        CompletableFuture.supplyAsync(
            () -> points.read(session -> session.number("SELECT 1 FROM pg_sleep(9)").orElse(0))));
  }

  @Test
  void whatMayTakeLongEndsWhenTheDatabaseFallsSilent() {
    BatchRef batch = batch();
    store.start();
    await().until(() -> record(batch).counts().total() == 10);
    StoreReader scans = store.reader(Patience.WHILE_HEARD);
    CompletableFuture<Long> scan =
        CompletableFuture.supplyAsync(
            () -> scans.read(session -> session.number("SELECT 1 FROM pg_sleep(3)").orElse(0)));
    assertThat(scan).as("longer than a caller waits").succeedsWithin(SOON);

    CompletableFuture<Long> silent =
        CompletableFuture.supplyAsync(
            () -> scans.read(session -> session.number("SELECT 1 FROM pg_sleep(9)").orElse(0)));
    proxy.silence();
    isUnavailable(silent);
  }

  @Test
  void whatNobodyWaitsForDoesNotWaitForAServerThatIsGone() {
    BatchRef batch = batch();
    startBeating();
    ClaimedShard shard = claimAll(queue(), 100).getFirst();
    proxy.strand();
    CompletableFuture<SettleReport> settling =
        CompletableFuture.supplyAsync(
            () -> queue().settle(List.of(all(shard, OutcomeState.SUCCEEDED, clock.instant()))));
    assertThat(settling).as("on a connection to the next one").succeedsWithin(BEFORE_ITS_TIME_OUT);
    assertThat(record(batch).counts().succeeded()).isEqualTo(10);
  }

  /** Beats of a connection that is made later would go on, and nobody would be missed. */
  private void startBeating() {
    long joinedAt = store.membership().beatAt();
    store.start();
    await().atMost(SOON).until(() -> store.membership().beatAt() != joinedAt);
  }

  @Test
  void whatNobodyWaitsForWaitsForAConnectionThatTakesLong() {
    // Four round trips or more a connection: longer than a caller has.
    proxy.delay(Duration.ofMillis(150));
    proxy.cut();
    CompletableFuture<Long> read =
        CompletableFuture.supplyAsync(
            () ->
                store.reader(Patience.LONG).read(session -> session.number("SELECT 1").orElse(0)));
    assertThat(read).succeedsWithin(SOON);
  }

  @Test
  void aCallerDoesNotWaitLongForALock() throws SQLException {
    BatchRef batch = batch();
    try (Connection other = replicas.database().connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("SELECT 1 FROM batch WHERE id = " + batch.id() + " FOR UPDATE");
      // Two thirds of his time are 1.2 s; what nobody waits for gives up after 5.
      isUnavailableWithin(
          Duration.ofSeconds(4),
          CompletableFuture.supplyAsync(
              () -> store.roles().controlBoard().pause(batch.id(), BY_TEST)));
      other.rollback();
    }
    assertThat(store.roles().controlBoard().pause(batch.id(), BY_TEST)).isNotNull();
  }

  @Test
  void callersLeaveConnectionsForWhatIsSent() throws Exception {
    batch();
    connect(4);
    CountDownLatch waiting = new CountDownLatch(3);
    CountDownLatch go = new CountDownLatch(1);
    StoreReader callers = store.reader(Patience.WHILE_HEARD);
    List<CompletableFuture<Boolean>> calls =
        IntStream.range(0, 4)
            .mapToObj(
                _ ->
                    CompletableFuture.supplyAsync(
                        () -> callers.read(session -> holdsOn(waiting, go)),
                        task -> Thread.ofPlatform().start(task)))
            .toList();
    assertThat(waiting.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(claimAll(queue(), 100)).hasSize(1);
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(calls).as("one too many").anyMatch(CompletableFuture::isDone));
    go.countDown();
    assertThat(calls.stream().filter(call -> call.handle((_, e) -> e == null).join())).hasSize(3);
  }

  /** Has the pool make so many connections: a caller does not wait long for one to be made. */
  private long connect(int count) {
    return store
        .reader(Patience.LONG)
        .read(session -> count == 1 ? session.number("SELECT 1").orElse(0) : connect(count - 1));
  }

  private static boolean holdsOn(CountDownLatch waiting, CountDownLatch go) {
    waiting.countDown();
    try {
      return go.await(SOON.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void aCutConnectionIsNobodysProblemBeforeItsCommit() {
    BatchRef batch = batch();
    proxy.cut();
    assertThat(record(batch).counts().total()).isEqualTo(10);
    proxy.cut();
    assertThat(store.roles().controlBoard().pause(batch.id(), BY_TEST)).isNotNull();
  }

  @Test
  void aDatabaseThatTakesNoWritesIsUsedAgainOnceItDoes() throws SQLException {
    BatchRef batch = batch();
    String name = replicas.database().name();
    PostgresServer server = replicas.server();
    server.run("ALTER DATABASE " + name + " SET default_transaction_read_only = on");
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'");
    }
    isUnavailable(
        CompletableFuture.supplyAsync(
            () -> store.roles().controlBoard().pause(batch.id(), BY_TEST)));
    server.run("ALTER DATABASE " + name + " SET default_transaction_read_only = off");
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .until(() -> store.roles().controlBoard().pause(batch.id(), BY_TEST) != null);
  }

  @Test
  void aClaimWhoseAnswerWasLostIsGivenBack() {
    batch();
    proxy.loseCommitsOf("SET state = 2, lease_owner", 1);
    assertThatExceptionOfType(StoreException.class).isThrownBy(() -> claimAll(queue(), 100));
    assertThat(proxy.lostCommitCount()).isEqualTo(1);
    ClaimedShard again = claimAll(queue(), 100).getFirst();
    assertThat(again.lease().token()).isEqualTo(2);
    assertThat(again.crashes()).isZero();
  }

  @Test
  void outcomesWhoseAnswerWasLostAreRecognised() {
    BatchRef batch = batch();
    Settlement settlement =
        all(claimAll(queue(), 100).getFirst(), OutcomeState.SUCCEEDED, clock.instant());
    proxy.loseCommitsOf("COPY outcome", 1);
    assertThatThrownBy(() -> queue().settle(List.of(settlement)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("nobody knows");
    SettleReport report = queue().settle(List.of(settlement));
    assertThat(report.fenced()).isEmpty();
    assertThat(record(batch).counts().succeeded()).isEqualTo(10);
  }

  @Test
  void outcomesOfAPartOfAShardWhoseAnswerWasLostAreRecognised() {
    BatchRef batch = batch();
    ClaimedShard shard = claimAll(queue(), 100).getFirst();
    List<Outcome> outcomes = all(shard, OutcomeState.SUCCEEDED, clock.instant()).outcomes();
    Settlement first = new Settlement(shard.lease(), outcomes.subList(0, 3), List.of());
    Settlement second = new Settlement(shard.lease(), outcomes.subList(3, 6), List.of());
    assertThat(queue().settle(List.of(first)).fenced()).isEmpty();
    proxy.loseCommitsOf("COPY outcome", 1);
    assertThatThrownBy(() -> queue().settle(List.of(second))).isInstanceOf(StoreException.class);
    for (int i = 0; i < 2; i++) {
      assertThat(queue().settle(List.of(second)).fenced()).isEmpty();
      assertThat(record(batch).counts().succeeded()).isEqualTo(6);
    }
    Settlement rest = new Settlement(shard.lease(), outcomes.subList(4, 10), List.of());
    assertThat(queue().settle(List.of(rest)).fenced()).isEmpty();
    assertThat(record(batch).counts().succeeded()).isEqualTo(10);
  }

  @Test
  void intentsWhoseAnswerWasLostAreRecognised() {
    batch();
    ClaimedShard shard = claimAll(queue(), 100).getFirst();
    List<Intent> intents = List.of(new Intent(shard.lease(), 1, 0, 9));
    proxy.loseCommitsOf("INSERT INTO intent", 1);
    assertThatThrownBy(() -> queue().intend(intents)).isInstanceOf(StoreException.class);
    assertThat(queue().intend(intents)).as("leases that were lost").isEmpty();
  }

  @Test
  void aSubmissionWhoseAnswerWasLostIsFoundByItsKey() {
    proxy.loseCommitsOf("INSERT INTO batch (public_id", 1);
    assertThatThrownBy(this::submit).isInstanceOf(StoreException.class);
    assertThat(submit())
        .isInstanceOfSatisfying(
            Begun.Existing.class, existing -> assertThat(existing.receiving()).isFalse());
    assertThat(claimAll(queue(), 100)).hasSize(1);
  }

  @Test
  void anUploadThatBreaksOffWhileTheDatabaseIsAwayFreesItsKeyWhenItIsBack() {
    BatchWriter writer = store.roles().batchWriter();
    BegunUpload.Opened upload = (BegunUpload.Opened) writer.beginUpload(oneShot("key"));
    assertThat(writer.beginUpload(oneShot("key"))).isInstanceOf(BegunUpload.Taken.class);
    proxy.refuse();
    assertThatThrownBy(() -> writer.abandon(upload.uploadId())).isInstanceOf(StoreException.class);
    proxy.heal();
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(submit()).isInstanceOf(Begun.Created.class));
  }

  @Test
  void othersHearOfItFromHousekeeping() {
    PostgresStore peer = replicas.open();
    BatchWriter writer = store.roles().batchWriter();
    BegunUpload.Opened upload = (BegunUpload.Opened) writer.beginUpload(oneShot("key"));
    proxy.refuse();
    assertThatThrownBy(() -> writer.abandon(upload.uploadId())).isInstanceOf(StoreException.class);
    proxy.heal();
    BatchWriter peers = peer.roles().batchWriter();
    assertThat(peers.beginUpload(oneShot("key"))).isInstanceOf(BegunUpload.Taken.class);
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .until(
            () -> {
              store.roles().housekeeping().deleteDeadUploads(clock.instant().minusSeconds(60), 10);
              return peers.beginUpload(oneShot("key")) instanceof BegunUpload.Opened;
            });
  }

  private Begun submit() {
    return store
        .roles()
        .batchWriter()
        .submit(oneShot("key"), List.of(shard(ALPHA, 0, 10)), summary(10));
  }
}
