package dev.sluice.ops;

import dev.sluice.model.BatchState;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BacklogBoard;
import dev.sluice.store.BacklogBoard.Backlog;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done, as the store has it: replicas of one store all tell the same. Values are
 * those of the last look; looks are rarer than other refreshes, for each reads the store.
 */
final class BacklogMeters {

  private static final Duration EVERY = Duration.ofSeconds(15);

  private static final List<BatchState> UNFINISHED =
      List.of(
          BatchState.SCHEDULED,
          BatchState.QUEUED,
          BatchState.RUNNING,
          BatchState.PAUSED,
          BatchState.CANCELLING);

  private final @Nullable BacklogBoard board;
  private final ProcessClock clock;
  private final Duration stalledAfter;

  /** Process nanos of the last look that succeeded; null before. Refreshing thread only. */
  private @Nullable Long lookedAt;

  /** Replaced as a whole. */
  private volatile Backlog backlog = new Backlog(Map.of(), 0, null, 0);

  /**
   * @param board null when there is no store to ask
   */
  BacklogMeters(
      MeterRegistry registry,
      @Nullable BacklogBoard board,
      ProcessClock clock,
      Duration stalledAfter) {
    this.board = board;
    this.clock = clock;
    this.stalledAfter = stalledAfter;
    gauge("sluice.backlog.items", "Items without outcome", b -> b.itemCount()).register(registry);
    gauge("sluice.backlog.age", "Age of the oldest batch", this::ageSeconds)
        .baseUnit("seconds")
        .register(registry);
    gauge("sluice.batches.stalled", "Batches that get no outcome", b -> b.stalledCount())
        .register(registry);
    for (BatchState state : UNFINISHED) {
      gauge(
              "sluice.batches.unfinished",
              "Sealed batches that are not finished",
              b -> b.batches().getOrDefault(state, 0))
          .tag("state", state.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
  }

  private Gauge.Builder<BacklogMeters> gauge(
      String name, String description, ToDoubleFunction<Backlog> value) {
    return Gauge.builder(name, this, meters -> value.applyAsDouble(meters.backlog))
        .description(description);
  }

  private double ageSeconds(Backlog seen) {
    Instant oldest = seen.oldest();
    return oldest == null ? 0 : Duration.between(oldest, clock.instant()).toMillis() / 1e3;
  }

  /** Looks again when the last look is old; one thread at a time. */
  void refresh() {
    long now = clock.nanoTime();
    Long last = lookedAt;
    if (board != null && (last == null || now - last >= EVERY.toNanos())) {
      backlog = board.backlog(clock.instant().minus(stalledAfter));
      lookedAt = now;
    }
  }
}
