package dev.sluice.ops;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Brings the gauges up to date now and then, on a thread of its own. */
final class MeterRefresh implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(MeterRefresh.class);

  private final Duration every;
  private final List<Runnable> steps;

  /** Null while stopped; start and stop are called by one thread at a time. */
  private volatile @Nullable ScheduledExecutorService timer;

  /**
   * @param steps what to bring up to date, in this order; one that fails keeps no other from it
   */
  MeterRefresh(Duration every, Runnable... steps) {
    this.every = every;
    this.steps = List.of(steps);
  }

  /** Takes each step once; a failure is logged and the next round tries again. */
  void refresh() {
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (RuntimeException e) {
        log.atWarn().setCause(e).log("Gauges could not be refreshed; trying again.");
      }
    }
  }

  @Override
  public void start() {
    ScheduledExecutorService started =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("sluice-meters").factory());
    var _ =
        started.scheduleWithFixedDelay(this::refresh, 0, every.toMillis(), TimeUnit.MILLISECONDS);
    timer = started;
  }

  @Override
  public void stop() {
    ScheduledExecutorService started = timer;
    timer = null;
    if (started != null) {
      started.shutdownNow();
    }
  }

  @Override
  public boolean isRunning() {
    return timer != null;
  }
}
