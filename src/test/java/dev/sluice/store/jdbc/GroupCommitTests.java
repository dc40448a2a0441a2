package dev.sluice.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.store.StoreException;
import dev.sluice.store.TestClock;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

@NullUnmarked
class GroupCommitTests {

  @TempDir Path directory;
  private final AtomicInteger commits = new AtomicInteger();
  private final AtomicInteger stops = new AtomicInteger();
  private final Queue<SQLException> commitFailures = new ConcurrentLinkedQueue<>();
  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
  private GroupCommit writer;

  @BeforeEach
  void start() throws SQLException {
    SqliteFile file = new SqliteFile(TestStores.properties(directory.resolve("group.db")));
    Connection real = file.openWriter().connection();
    Connection counting =
        (Connection)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Connection.class},
                (_, method, arguments) -> {
                  if (method.getName().equals("commit")) {
                    SQLException failure = commitFailures.poll();
                    if (failure != null) {
                      throw failure;
                    }
                    commits.incrementAndGet();
                  }
                  try {
                    return method.invoke(real, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    writer =
        new GroupCommit(
            new Session(counting, Dialect.SQLITE, new Owner()),
            new CommitLog(directory.resolve("group.db"), 4000),
            new TestClock(),
            100,
            Duration.ofSeconds(5),
            _ -> stops.incrementAndGet());
    writer.write(session -> session.update("CREATE TABLE t (v INTEGER PRIMARY KEY)"));
    commits.set(0);
  }

  @AfterEach
  void stop() {
    writer.close();
    callers.close();
  }

  private static Session.Work<Integer> insert(int value) {
    return session -> session.update("INSERT INTO t VALUES (?)", value);
  }

  private List<Long> values() {
    return writer.write(session -> session.list("SELECT v FROM t ORDER BY v", r -> r.getLong(1)));
  }

  /** Has the units queue up behind a commit, so that they make one group. */
  private <T> List<CompletableFuture<T>> asOneGroup(List<Session.Work<T>> units)
      throws InterruptedException {
    return asOneGroup(units, false);
  }

  private <T> List<CompletableFuture<T>> asOneGroup(
      List<Session.Work<T>> units, boolean lastForgettable) throws InterruptedException {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CompletableFuture<Integer> blocker =
        CompletableFuture.supplyAsync(
            () ->
                writer.write(
                    _ -> {
                      entered.countDown();
                      awaitQuietly(release);
                      throw new IllegalStateException("leaves nothing behind");
                    }),
            callers);
    entered.await();
    List<CompletableFuture<T>> answers = new ArrayList<>();
    for (Session.Work<T> unit : units) {
      boolean forgettable = lastForgettable && answers.size() == units.size() - 1;
      answers.add(
          CompletableFuture.supplyAsync(
              () -> forgettable ? writer.writeForgettable(unit) : writer.write(unit), callers));
      while (writer.queueLength() < answers.size()) {
        Thread.onSpinWait();
      }
    }
    release.countDown();
    assertThat(blocker).failsWithin(Duration.ofSeconds(10));
    return answers;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void commitsAGroupOnce() throws Exception {
    List<Session.Work<Integer>> units = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      units.add(insert(i));
    }
    for (CompletableFuture<Integer> answer : asOneGroup(units)) {
      assertThat(answer.get()).isEqualTo(1);
    }
    assertThat(commits.get()).isEqualTo(1);
    assertThat(values()).hasSize(20);
  }

  @Test
  void aFailingUnitFailsAlone() throws Exception {
    List<CompletableFuture<Integer>> answers =
        asOneGroup(
            List.of(
                insert(1),
                session -> insert(2).run(session) + insert(1).run(session),
                session -> {
                  insert(3).run(session);
                  throw new IllegalArgumentException("own fault");
                },
                insert(4)));

    assertThat(answers.get(0).get()).isEqualTo(1);
    assertThat(answers.get(1)).failsWithin(Duration.ofSeconds(10));
    assertThat(answers.get(1).exceptionNow()).isInstanceOf(StoreException.class);
    assertThat(answers.get(2)).failsWithin(Duration.ofSeconds(10));
    assertThat(answers.get(2).exceptionNow()).isInstanceOf(IllegalArgumentException.class);
    assertThat(answers.get(3).get()).isEqualTo(1);
    assertThat(values()).containsExactly(1L, 4L);
  }

  @Test
  void afterCommitRunsOnlyForUnitsThatCommitted() throws Exception {
    List<String> ran = new ArrayList<>();
    List<CompletableFuture<Integer>> answers =
        asOneGroup(
            List.of(
                session -> {
                  session.afterCommit(() -> ran.add("first"));
                  return 1;
                },
                session -> {
                  session.afterCommit(() -> ran.add("failed"));
                  throw new IllegalArgumentException();
                }));
    answers.get(0).get();
    assertThat(answers.get(1)).failsWithin(Duration.ofSeconds(10));
    assertThat(ran).containsExactly("first");
  }

  @Test
  void aFailingCommitFailsTheWholeGroupAndTheNextOneGoesOn() throws Exception {
    commitFailures.add(new SQLiteException("full", SQLiteErrorCode.SQLITE_FULL));
    for (CompletableFuture<Integer> answer : asOneGroup(List.of(insert(1), insert(2)))) {
      assertThat(answer).failsWithin(Duration.ofSeconds(10));
      assertThat(answer.exceptionNow())
          .isInstanceOfSatisfying(
              StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.FULL));
    }
    assertThat(values()).isEmpty();
    assertThat(writer.write(insert(3))).isEqualTo(1);
    assertThat(stops).hasValue(0);
  }

  @Test
  void takesAnIndexOfTheLogThatCannotGrowForAFullDisk() {
    commitFailures.add(new SQLiteException("index", SQLiteErrorCode.SQLITE_IOERR_SHMSIZE));
    assertThatThrownBy(() -> writer.write(insert(1)))
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.FULL));
    assertThat(writer.write(insert(2))).isEqualTo(1);
    assertThat(stops).hasValue(0);
  }

  @Test
  void writesNothingMoreAfterAFailedSync() {
    commitFailures.add(new SQLiteException("fsync", SQLiteErrorCode.SQLITE_IOERR_FSYNC));
    assertThatThrownBy(() -> writer.write(insert(1))).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> writer.write(insert(2)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("stopped writing");
    assertThat(stops).hasValue(1);
    assertThat(commits).hasValue(0);
  }

  @Test
  void tellsAFullDiskAndGoesOnWhenThereIsRoom() {
    writer.write(session -> session.update("CREATE TABLE big (b BLOB)"));
    long pages = writer.write(s -> s.number("PRAGMA page_count").orElseThrow());
    writer.write(s -> s.number("PRAGMA max_page_count = " + (pages + 2)));
    Session.Work<Integer> large = s -> s.update("INSERT INTO big VALUES (zeroblob(1000000))");

    assertThatThrownBy(() -> writer.write(large))
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.FULL));

    writer.write(s -> s.number("PRAGMA max_page_count = " + (pages + 10_000)));
    assertThat(writer.write(large)).isEqualTo(1);
    assertThat(stops).hasValue(0);
  }

  private static final Session.Work<Long> SYNC_LEVEL =
      session -> session.number("PRAGMA synchronous").orElseThrow();
  private static final long NORMAL = 1;
  private static final long FULL = 2;

  @Test
  void savesTheSyncOfWhatMayBeForgottenAndOfNothingElse() {
    assertThat(writer.write(SYNC_LEVEL)).isEqualTo(FULL);
    assertThat(writer.writeForgettable(SYNC_LEVEL)).isEqualTo(NORMAL);
    assertThat(writer.writeForgettable(SYNC_LEVEL)).isEqualTo(NORMAL);
    assertThat(writer.write(SYNC_LEVEL)).isEqualTo(FULL);
  }

  @Test
  void syncsWhatMayBeForgottenBesideOtherWork() throws Exception {
    List<Session.Work<Long>> units = List.of(SYNC_LEVEL, SYNC_LEVEL);
    assertThat(asOneGroup(units, true).getLast().get()).isEqualTo(FULL);
  }

  @Test
  void syncsAgainAfterAForgettableUnitFailed() {
    assertThatThrownBy(
            () ->
                writer.writeForgettable(
                    _ -> {
                      throw new IllegalArgumentException();
                    }))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(writer.write(SYNC_LEVEL)).isEqualTo(FULL);
  }

  @Test
  void theLogStaysBoundedUnderReadersThatTakeTurns() throws Exception {
    Path path = directory.resolve("read.db");
    SqliteFile file = new SqliteFile(TestStores.properties(path));
    int checkpointFrames = 100;
    try (GroupCommit busy =
            new GroupCommit(
                file.openWriter(),
                new CommitLog(path, checkpointFrames),
                new TestClock(),
                100,
                Duration.ofSeconds(5),
                _ -> stops.incrementAndGet());
        Readers readers = new Readers(List.of(file.openReader(), file.openReader()), 10, _ -> {})) {
      busy.write(session -> session.update("CREATE TABLE big (b BLOB)"));
      // One always reads, and the last snapshot of the two is never older than one commit.
      Session.Work<Long> count = s -> s.number("SELECT count(*) FROM big").orElseThrow();
      CountDownLatch previous = new CountDownLatch(0);
      for (int i = 0; i < 100; i++) {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        var _ =
            CompletableFuture.supplyAsync(
                () ->
                    readers.read(
                        session -> {
                          long seen = count.run(session);
                          entered.countDown();
                          awaitBriefly(release);
                          return seen;
                        }),
                callers);
        entered.await();
        previous.countDown();
        previous = release;
        busy.write(s -> s.update("INSERT INTO big VALUES (zeroblob(100000))"));
      }
      previous.countDown();
      assertThat(Files.size(CommitLog.pathBeside(path))).isLessThan(8L * checkpointFrames * 8192);
      assertThat(stops).hasValue(0);
    }
  }

  /** As long as a read may take; a writer that waits for it finds it gone. */
  private static void awaitBriefly(CountDownLatch latch) {
    try {
      boolean _ = latch.await(50, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void answersWhatWasQueuedAndRefusesTheRest() {
    writer.write(insert(1));
    writer.close();
    assertThatThrownBy(() -> writer.write(insert(2)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("closed");
  }
}
