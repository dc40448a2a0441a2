package dev.sluice.store;

import dev.sluice.model.Destination;
import dev.sluice.model.StateReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A destination as stored.
 *
 * @param settings what an operator set
 * @param paused set while an operator's pause holds
 * @param parkedUntil until when dispatch claims nothing
 * @param parkReason {@code breaker} or {@code hold}
 * @param lane what its lane last published, when that is fresh
 */
public record DestinationRecord(
    long id,
    Destination destination,
    DestinationSettings settings,
    @Nullable Pause paused,
    @Nullable Instant parkedUntil,
    @Nullable String parkReason,
    @Nullable LaneSnapshot lane) {

  /** An operator's pause; {@code until} is null when it has no end. */
  public record Pause(Instant since, @Nullable Instant until, StateReason reason) {}
}
