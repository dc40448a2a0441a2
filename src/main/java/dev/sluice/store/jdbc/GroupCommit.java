package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.StoreException;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer: a platform thread that owns the writing connection. Whatever has queued up while
 * the last commit was on its way to the disk is run in one transaction, each unit in a savepoint,
 * and answered after one commit. A unit that fails is rolled back alone; a commit that fails, fails
 * them all.
 *
 * <p>A unit that may be forgotten ({@link #writeForgettable}) and is alone in its group is
 * committed without a sync: it survives the end of this process, and the next synced commit takes
 * it to the disk, since all commits share one log that is synced up to its end.
 *
 * <p>After a failed write or fsync it refuses everything (fail-stop): the pages of that commit may
 * be gone although a later fsync would succeed. So it does once the file turned out to be damaged,
 * lest more of it is.
 */
final class GroupCommit implements StoreWriter, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);
  private static final int MAX_UNITS = 256;
  private static final long MAX_GROUP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long POLL_MILLIS = 1000;

  private final Session session;
  private final CommitLog commitLog;
  private final ProcessClock clock;
  private final BlockingQueue<Unit<?>> queue;
  private final Duration queueTimeout;
  private final Consumer<StoreException> onFailStop;
  private final Thread thread;

  /** What the connection is set to; the writer's thread only. */
  private boolean synced = true;

  /** Why nothing is written any more; never changes once it is there. */
  private final AtomicReference<@Nullable StoreException> failed = new AtomicReference<>();

  private volatile boolean closing;
  private volatile boolean ended;

  /**
   * Starts the writer.
   *
   * @param session the writing connection, in a transaction, from now on the writer's own
   * @param commitLog its log, likewise
   * @param clock bounds the time a group gathers units
   * @param queueTimeout how long a caller waits for a place in the queue
   * @param onFailStop takes the reason, once, when nothing may be written any more; any thread
   */
  GroupCommit(
      Session session,
      CommitLog commitLog,
      ProcessClock clock,
      int queueLength,
      Duration queueTimeout,
      Consumer<StoreException> onFailStop) {
    this.session = session;
    this.commitLog = commitLog;
    this.clock = clock;
    this.queue = new ArrayBlockingQueue<>(queueLength);
    this.queueTimeout = queueTimeout;
    this.onFailStop = onFailStop;
    this.thread = Thread.ofPlatform().name("sluice-store-writer").unstarted(this::loop);
    thread.start();
  }

  /** Any thread but the writer's own. */
  @Override
  public <T extends @Nullable Object> T write(Session.Work<T> work) {
    return await(submit(work, false));
  }

  @Override
  public <T extends @Nullable Object> T writeForgettable(Session.Work<T> work) {
    return await(submit(work, true));
  }

  @Override
  public <T extends @Nullable Object> T write(Session.Work<T> work, Duration timeout) {
    CompletableFuture<T> answer = submit(work, false);
    try {
      answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new StoreException(
          StoreException.Kind.UNAVAILABLE, "The store did not answer within " + timeout, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(StoreException.Kind.UNAVAILABLE, "Interrupted while waiting", e);
    } catch (java.util.concurrent.ExecutionException e) {
      log.atDebug().setCause(e).log("A bounded write failed.");
    }
    return await(answer);
  }

  /** Gives how many units wait. */
  int queueLength() {
    return queue.size();
  }

  private static <T extends @Nullable Object> T await(CompletableFuture<T> answer) {
    try {
      return answer.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      switch (cause) {
        case StoreException known -> {
          // A fresh one tells where the caller stood; the cause tells what happened to the group.
          StoreException here =
              new StoreException(known.kind(), String.valueOf(known.getMessage()), known);
          throw here;
        }
        case RuntimeException unexpected -> throw unexpected;
        case Error error -> throw error;
        case null, default -> throw e;
      }
    }
  }

  private <T extends @Nullable Object> CompletableFuture<T> submit(
      Session.Work<T> work, boolean forgettable) {
    if (Thread.currentThread() == thread) {
      throw new IllegalStateException("The writer cannot wait for itself, indicates a bug");
    }
    refuseWhenStopped();
    Unit<T> unit = new Unit<>(work, forgettable);
    try {
      if (!queue.offer(unit, queueTimeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new StoreException(
            StoreException.Kind.UNAVAILABLE,
            "The store's write queue has been full for " + queueTimeout);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(StoreException.Kind.UNAVAILABLE, "Interrupted while queueing", e);
    }
    if (ended) {
      // The writer ended between the check and the offer: nobody else will answer.
      failQueued();
    }
    return unit.answer;
  }

  private void refuseWhenStopped() {
    StoreException reason = failed.get();
    if (reason != null) {
      throw new StoreException(
          reason.kind(), "The store stopped writing after an earlier failure", reason);
    }
    if (closing) {
      throw new StoreException(StoreException.Kind.UNAVAILABLE, "The store is closed");
    }
  }

  private void loop() {
    List<Unit<?>> group = new ArrayList<>(MAX_UNITS);
    while (true) {
      try {
        Unit<?> first = queue.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
        if (first != null) {
          group.add(first);
          runGroup(group);
        }
        if (closing && queue.isEmpty()) {
          break;
        }
      } catch (InterruptedException e) {
        log.atWarn().setCause(e).log("The store's writer was interrupted and goes on.");
      } finally {
        group.clear();
      }
    }
    ended = true;
    failQueued();
    closeSession();
  }

  private void runGroup(List<Unit<?>> group) {
    StoreException stopped = failed.get();
    if (stopped != null) {
      group.forEach(unit -> unit.answer.completeExceptionally(stopped));
      return;
    }
    long begun = clock.nanoTime();
    // Beside other work a sync is shared; only alone is there one to save.
    boolean alone = group.getFirst().forgettable && queue.isEmpty();
    try {
      setSynced(!alone);
      runUnit(group.getFirst());
      while (!alone && group.size() < MAX_UNITS && clock.nanoTime() - begun < MAX_GROUP_NANOS) {
        Unit<?> next = queue.poll();
        if (next == null) {
          break;
        }
        group.add(next);
        runUnit(next);
      }
      session.connection().commit();
      if (synced) {
        commitLog.committed(session);
      }
    } catch (SQLException e) {
      failGroup(group, e);
      return;
    }
    // First: whoever gets an answer finds caches filled and listeners told.
    group.forEach(GroupCommit::runAfterCommit);
    group.forEach(Unit::succeed);
    if (synced) {
      checkpoint();
    }
  }

  /** Nobody waits for it but the next group. Only behind a sync: see {@link CommitLog}. */
  private void checkpoint() {
    try {
      commitLog.checkpointWhenLong(session);
    } catch (SQLException e) {
      session.forgetStatements();
      if (SqlFailures.isFatal(e)) {
        stop(SqlFailures.asStoreException(e));
      } else {
        log.atWarn().setCause(e).log("The log could not be copied into the store's file yet.");
      }
    }
  }

  /** Writes nothing more, for this reason unless there is one already. Any thread. */
  void stop(StoreException reason) {
    if (failed.compareAndSet(null, reason)) {
      log.atError()
          .setCause(reason)
          .log("The store stops writing: what is on disk is uncertain. Restart it.");
      try {
        onFailStop.accept(reason);
      } catch (RuntimeException e) {
        log.atError().setCause(e).log("A listener of the store failed.");
      }
    }
  }

  /** Between transactions: SQLite refuses the change within one. */
  private void setSynced(boolean wanted) throws SQLException {
    if (wanted == synced) {
      return;
    }
    // Whatever happens on the way, the next unit that must be synced asks for it again.
    synced = false;
    try (Statement statement = session.connection().createStatement()) {
      statement.execute("COMMIT");
      // Never a kept statement: SQLite makes the change while it compiles this text.
      statement.execute("PRAGMA synchronous = " + (wanted ? "FULL" : "NORMAL"));
      statement.execute("BEGIN");
    }
    synced = wanted;
  }

  /** Runs one unit; throws only when the transaction as a whole is lost. */
  private void runUnit(Unit<?> unit) throws SQLException {
    execute("SAVEPOINT unit");
    try {
      unit.run(session);
      unit.afterCommit = session.takeAfterCommit();
      execute("RELEASE unit");
    } catch (SQLException e) {
      if (SqlFailures.isFatal(e)) {
        throw e;
      }
      undo(unit, SqlFailures.asStoreException(e), e);
    } catch (RuntimeException | Error e) {
      undo(unit, e, null);
    }
  }

  private void undo(Unit<?> unit, Throwable reason, @Nullable SQLException failure)
      throws SQLException {
    session.takeAfterCommit();
    session.forgetStatements();
    unit.failure = reason;
    try {
      execute("ROLLBACK TO unit");
      execute("RELEASE unit");
    } catch (SQLException lost) {
      // SQLite rolled the whole transaction back by itself: the first error tells why.
      if (failure == null) {
        throw lost;
      }
      failure.addSuppressed(lost);
      throw failure;
    }
  }

  private void execute(String sql) throws SQLException {
    session.prepare(sql).execute();
  }

  private void failGroup(List<Unit<?>> group, SQLException e) {
    StoreException reason = SqlFailures.asStoreException(e);
    log.atError()
        .addKeyValue("kind", reason.kind())
        .addKeyValue("unitCount", group.size())
        .setCause(e)
        .log("A group commit failed.");
    session.takeAfterCommit();
    session.forgetStatements();
    if (SqlFailures.isFatal(e) || !rollback()) {
      stop(reason);
    }
    group.forEach(unit -> unit.fail(reason));
  }

  /** Gives whether a fresh transaction has begun. */
  private boolean rollback() {
    try {
      session.connection().rollback();
      return true;
    } catch (SQLException noTransaction) {
      // SQLite rolls back by itself on some errors; then only the next BEGIN is missing.
      try (Statement statement = session.connection().createStatement()) {
        statement.execute("BEGIN");
        return true;
      } catch (SQLException e) {
        e.addSuppressed(noTransaction);
        log.atError().setCause(e).log("The store cannot begin a transaction.");
        return false;
      }
    }
  }

  private static void runAfterCommit(Unit<?> unit) {
    unit.afterCommit.forEach(GroupCommit::runSafely);
  }

  private static void runSafely(Runnable listener) {
    try {
      listener.run();
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("A listener of the store failed.");
    }
  }

  private void failQueued() {
    StoreException closed =
        new StoreException(StoreException.Kind.UNAVAILABLE, "The store is closed");
    Unit<?> left = queue.poll();
    while (left != null) {
      left.fail(closed);
      left = queue.poll();
    }
  }

  private void closeSession() {
    try {
      session.connection().rollback();
      if (failed.get() == null) {
        commitLog.endInOrder();
      }
      session.close();
    } catch (SQLException e) {
      log.atWarn().setCause(e).log("The writing connection did not close cleanly.");
    } finally {
      commitLog.close();
    }
  }

  /** Answers what was queued before, then closes the connection. Returns when the thread ended. */
  @Override
  public void close() {
    closing = true;
    // Wakes the poll; a unit that changes nothing costs no fsync.
    if (!queue.offer(new Unit<>(_ -> Boolean.TRUE, true))) {
      log.atDebug().log("The writer has work queued and will see the end by itself.");
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Work with the place for its answer; touched by the writer's thread only, but for the answer.
   */
  private static final class Unit<T extends @Nullable Object> {
    private final Session.Work<T> work;
    private final boolean forgettable;
    private final CompletableFuture<T> answer = new CompletableFuture<>();
    private List<Runnable> afterCommit = List.of();
    private @Nullable T result;
    private @Nullable Throwable failure;

    Unit(Session.Work<T> work, boolean forgettable) {
      this.work = work;
      this.forgettable = forgettable;
    }

    void run(Session session) throws SQLException {
      result = work.run(session);
    }

    @SuppressWarnings("NullAway") // A unit that did not fail has the result its work gave.
    void succeed() {
      if (failure != null) {
        answer.completeExceptionally(failure);
      } else {
        answer.complete(result);
      }
    }

    void fail(Throwable reason) {
      afterCommit = List.of();
      answer.completeExceptionally(failure != null ? failure : reason);
    }
  }
}
