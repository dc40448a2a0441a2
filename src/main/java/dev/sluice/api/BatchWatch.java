package dev.sluice.api;

import dev.sluice.model.ProcessClock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Lets requests wait. The waits grow from 5 ms to 100 ms between looks, hold no connection to the
 * store, are bounded in number, and end at once when the service stops, so a graceful stop never
 * waits for a waiting client.
 */
@Component
public class BatchWatch implements SmartLifecycle {

  private static final long FIRST_LOOK_MILLIS = 5;
  private static final long LAST_LOOK_MILLIS = 100;

  private final ProcessClock clock;
  private final Semaphore waits;
  private volatile CountDownLatch stopping = new CountDownLatch(1);
  private volatile boolean running;

  BatchWatch(ProcessClock clock, ApiSettings settings) {
    this.clock = clock;
    this.waits = new Semaphore(settings.maxWaits());
  }

  /**
   * Looks again and again until {@code done} says so or the time is over. Blocks the calling
   * (virtual) thread.
   *
   * @return false when too many requests wait already: nothing was waited for
   */
  boolean await(Duration atMost, BooleanSupplier done) {
    if (!waits.tryAcquire()) {
      return false;
    }
    try {
      long began = clock.nanoTime();
      long look = FIRST_LOOK_MILLIS;
      while (!done.getAsBoolean()) {
        long left = atMost.toMillis() - TimeUnit.NANOSECONDS.toMillis(clock.nanoTime() - began);
        if (left <= 0 || !rest(Duration.ofMillis(Math.min(look, left)))) {
          break;
        }
        look = Math.min(LAST_LOOK_MILLIS, look * 2);
      }
      return true;
    } finally {
      waits.release();
    }
  }

  /**
   * Rests between two looks.
   *
   * @return false when the service stops: end now
   */
  public boolean rest(Duration time) {
    try {
      return !stopping.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void start() {
    stopping = new CountDownLatch(1);
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    stopping.countDown();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** Stops before the web server begins to wait for its requests. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }
}
