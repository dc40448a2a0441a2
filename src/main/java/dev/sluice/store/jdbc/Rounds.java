package dev.sluice.store.jdbc;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that does the same again and again until it is closed. */
final class Rounds implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Rounds.class);

  /** Every round is bounded by the time-outs of its connection. */
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private final Runnable round;
  private final Duration pause;
  private final Thread thread;
  private volatile boolean closing;

  /**
   * @param pause between two rounds
   */
  Rounds(String name, Duration pause, Runnable round) {
    this.round = round;
    this.pause = pause;
    this.thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!closing) {
      try {
        round.run();
      } catch (Throwable e) {
        // A process whose beat has ended would never send again, nor end.
        log.atError()
            .addKeyValue("thread", thread.getName())
            .setCause(e)
            .log("A round failed, indicates a bug; it goes on.");
      }
      LockSupport.parkNanos(this, pause.toNanos());
    }
  }

  boolean isClosing() {
    return closing;
  }

  /** Lets the round under way end. */
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(thread);
    try {
      thread.join(LONGEST.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
