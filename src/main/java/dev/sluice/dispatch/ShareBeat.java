package dev.sluice.dispatch;

import dev.sluice.model.ProcessClock;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When shares of limits are renewed: twice a second, and at once when something new is in use. Its
 * thread does nothing else, since shares end while it is busy.
 */
final class ShareBeat {

  private static final Logger log = LoggerFactory.getLogger(ShareBeat.class);
  private static final long BEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** So much of what is new is told of together. */
  private static final long TOGETHER_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final ShareKeeper keeper;
  private final ScheduledExecutorService executor;
  private final ProcessClock clock;
  private final AtomicBoolean asked = new AtomicBoolean();
  private volatile long renewedAt;

  ShareBeat(ShareKeeper keeper, ScheduledExecutorService executor, ProcessClock clock) {
    this.keeper = keeper;
    this.executor = executor;
    this.clock = clock;
    this.renewedAt = clock.nanoTime() - TOGETHER_NANOS;
  }

  void start() {
    var _ = executor.scheduleWithFixedDelay(this::beat, 0, BEAT_NANOS, TimeUnit.NANOSECONDS);
  }

  /** Renews soon. Any thread; returns at once. */
  void ask() {
    if (!asked.get() && asked.compareAndSet(false, true)) {
      long wait = renewedAt + TOGETHER_NANOS - clock.nanoTime();
      try {
        var _ = executor.schedule(this::renewAsked, Math.max(0, wait), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        // Stopped: nothing is sent any more.
      }
    }
  }

  private void renewAsked() {
    asked.set(false);
    beat();
  }

  private void beat() {
    try {
      keeper.beat();
    } catch (RuntimeException e) {
      // A periodic task that throws never runs again.
      log.atError().setCause(e).log("Renewing shares of limits failed, indicates a bug.");
    }
    renewedAt = clock.nanoTime();
  }

  /** Nothing begins any more: from now on only places in use are kept. */
  void drain() {
    keeper.drain();
  }

  /** Gives everything back. */
  void stop(long millis) throws InterruptedException {
    executor.shutdown();
    if (executor.awaitTermination(millis, TimeUnit.MILLISECONDS)) {
      keeper.release();
    }
  }
}
