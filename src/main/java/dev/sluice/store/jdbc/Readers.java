package dev.sluice.store.jdbc;

import dev.sluice.store.StoreException;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few read-only connections, and as many platform threads for callers that must not stay in
 * native code. Every read is one short transaction, so no snapshot outlives a call and checkpoints
 * never wait long.
 */
final class Readers implements StoreReader, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Readers.class);

  /** Sessions that are not closed; under the monitor. */
  private int openCount;

  /** Whoever reads has taken a session from here and puts it back. */
  private final ArrayBlockingQueue<Session> idle;

  private final ThreadPoolExecutor threads;
  private final Consumer<StoreException> onDamage;

  /**
   * @param onDamage takes what a read met of a file that is damaged
   */
  Readers(List<Session> sessions, int queueLength, Consumer<StoreException> onDamage) {
    this.onDamage = onDamage;
    this.openCount = sessions.size();
    this.idle = new ArrayBlockingQueue<>(sessions.size(), false, sessions);
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            sessions.size(),
            sessions.size(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(queueLength),
            task ->
                Thread.ofPlatform()
                    .name("sluice-store-reader-" + number.incrementAndGet())
                    .unstarted(task));
  }

  /**
   * A platform thread runs it itself when a session is idle, which saves waking two threads. A
   * virtual one would keep its carrier from others meanwhile.
   */
  @Override
  public <T extends @Nullable Object> T read(Session.Work<T> work) {
    Session own = Thread.currentThread().isVirtual() ? null : idle.poll();
    if (own != null) {
      return run(own, work);
    }
    try {
      return CompletableFuture.supplyAsync(() -> run(awaitIdle(), work), threads).join();
    } catch (RejectedExecutionException e) {
      throw new StoreException(
          StoreException.Kind.UNAVAILABLE, "Too many reads of the store wait already", e);
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException known) {
        throw new StoreException(known.kind(), String.valueOf(known.getMessage()), known);
      }
      throw e.getCause() instanceof RuntimeException unexpected ? unexpected : e;
    }
  }

  /** Waits for a session; a thread that reads for itself may have the last one for a moment. */
  private Session awaitIdle() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return idle.take();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private <T extends @Nullable Object> T run(Session session, Session.Work<T> work) {
    try {
      return work.run(session);
    } catch (SQLException e) {
      session.forgetStatements();
      StoreException failure = SqlFailures.asStoreException(e);
      if (failure.kind() == StoreException.Kind.CORRUPT) {
        onDamage.accept(failure);
      }
      throw failure;
    } finally {
      endSnapshot(session);
      idle.add(session);
    }
  }

  private static void endSnapshot(Session session) {
    try {
      session.connection().commit();
    } catch (SQLException e) {
      session.forgetStatements();
      log.atWarn().setCause(e).log("A reading transaction did not end cleanly.");
    }
  }

  /** Returns after every read that had begun. */
  @Override
  public synchronized void close() {
    threads.shutdown();
    boolean ended = false;
    boolean interrupted = false;
    while (!ended) {
      try {
        ended = threads.awaitTermination(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    for (; openCount > 0; openCount--) {
      try {
        awaitIdle().close();
      } catch (SQLException e) {
        log.atWarn().setCause(e).log("A reading connection did not close cleanly.");
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
