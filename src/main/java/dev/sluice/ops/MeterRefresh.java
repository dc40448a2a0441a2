package dev.sluice.ops;

import dev.sluice.store.LaneBoard;
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
  private final @Nullable LaneBoard board;
  private final LaneMeters lanes;
  private final LimitMeters limits;
  private final DestinationMeters destinations;

  /** Null while stopped; start and stop are called by one thread at a time. */
  private volatile @Nullable ScheduledExecutorService timer;

  MeterRefresh(
      Duration every,
      @Nullable LaneBoard board,
      LaneMeters lanes,
      LimitMeters limits,
      DestinationMeters destinations) {
    this.every = every;
    this.board = board;
    this.lanes = lanes;
    this.limits = limits;
    this.destinations = destinations;
  }

  /** Reads the board once; a failure is logged and the next round tries again. */
  void refresh() {
    try {
      List<LaneBoard.Lane> now = board == null ? List.of() : board.lanes();
      lanes.refresh(now);
      limits.refresh();
      destinations.freeIdleSeats();
    } catch (RuntimeException e) {
      log.atWarn().setCause(e).log("Gauges could not be refreshed; trying again.");
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
