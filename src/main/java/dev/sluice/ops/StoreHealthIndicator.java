package dev.sluice.ops;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.StoreHealth;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Readiness of the store; one that others share as well takes nobody out of service. One check runs
 * at a time, on a platform thread of its own, so neither a crowd of probes nor a store that hangs
 * costs more than one thread; its answer serves all probes for a moment. A check that does not end
 * in time counts as a failure until it ends.
 */
final class StoreHealthIndicator implements HealthIndicator, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StoreHealthIndicator.class);

  private final StoreHealth store;
  private final ProcessClock clock;
  private final Duration cache;
  private final Duration timeout;
  private final ExecutorService checker =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("sluice-store-check").factory());
  private final AtomicReference<@Nullable Check> latest = new AtomicReference<>();
  private final AtomicReference<Boolean> wasUp = new AtomicReference<>(true);

  StoreHealthIndicator(StoreHealth store, ProcessClock clock, Duration cache, Duration timeout) {
    this.store = store;
    this.clock = clock;
    this.cache = cache;
    this.timeout = timeout;
  }

  @Override
  public Health health() {
    Check check = current();
    try {
      check.done.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      return told(true, "ok", null);
    } catch (ExecutionException e) {
      return told(false, "the store check failed", e.getCause());
    } catch (TimeoutException e) {
      return told(false, "the store check did not end within " + timeout, null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Health.outOfService().build();
    }
  }

  /** Tells at once how the latest check went, and begins another one when that is old. */
  boolean isUp() {
    Check check = current();
    return check.done.isDone() ? !check.done.isCompletedExceptionally() : wasUp.get();
  }

  /** Gives the check that runs or is fresh, else starts one. */
  private Check current() {
    while (true) {
      Check known = latest.get();
      if (known != null && (!known.done.isDone() || known.isFresh(clock.nanoTime(), cache))) {
        return known;
      }
      Check next = new Check();
      if (latest.compareAndSet(known, next)) {
        checker.execute(() -> run(next));
        return next;
      }
    }
  }

  private void run(Check check) {
    try {
      store.check();
      check.endedAtNanos = clock.nanoTime();
      check.done.complete(null);
    } catch (RuntimeException | Error e) {
      check.endedAtNanos = clock.nanoTime();
      check.done.completeExceptionally(e);
    }
  }

  /** Answers, and logs when the answer changed. */
  private Health told(boolean up, String reason, @Nullable Throwable cause) {
    if (wasUp.getAndSet(up) != up) {
      if (up) {
        log.atInfo().log("The store answers again.");
      } else {
        log.atError()
            .addKeyValue("reason", reason)
            .addKeyValue("ready", store.isShared())
            .setCause(cause)
            .log("Store down.");
      }
    }
    // Every other replica is without a shared store as well: nothing is won by taking this one out.
    return (up ? Health.up() : store.isShared() ? Health.unknown() : Health.down()).build();
  }

  @Override
  public void close() {
    checker.shutdownNow();
  }

  /** One run of the store's check. */
  private static final class Check {
    final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();

    /** Written before {@link #done} completes. */
    volatile long endedAtNanos;

    boolean isFresh(long nowNanos, Duration cache) {
      return nowNanos - endedAtNanos < cache.toNanos();
    }
  }
}
