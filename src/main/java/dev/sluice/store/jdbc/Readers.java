package dev.sluice.store.jdbc;

import dev.sluice.store.StoreException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few platform threads, each with a read-only connection of its own. Every read is one short
 * transaction, so no snapshot outlives a call and checkpoints never wait long.
 */
final class Readers implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Readers.class);

  private final ArrayBlockingQueue<Session> idle;
  private final ThreadPoolExecutor threads;

  Readers(List<Session> sessions, int queueLength) {
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
   * Runs {@code work} on one snapshot and waits for it.
   *
   * @throws StoreException when it failed or too many reads wait already
   */
  <T extends @Nullable Object> T read(Session.Work<T> work) {
    try {
      return CompletableFuture.supplyAsync(() -> run(work), threads).join();
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

  private <T extends @Nullable Object> T run(Session.Work<T> work) {
    Session session = idle.poll();
    if (session == null) {
      throw new IllegalStateException("More reading threads than sessions, indicates a bug");
    }
    try {
      return work.run(session);
    } catch (SQLException e) {
      session.forgetStatements();
      throw SqlFailures.asStoreException(e);
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

  @Override
  public void close() {
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
    List<Session> sessions = new ArrayList<>();
    idle.drainTo(sessions);
    for (Session session : sessions) {
      try {
        session.close();
      } catch (SQLException e) {
        log.atWarn().setCause(e).log("A reading connection did not close cleanly.");
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
