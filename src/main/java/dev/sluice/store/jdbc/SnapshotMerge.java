package dev.sluice.store.jdbc;

import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.LaneSnapshot;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes one picture of what several replicas do with the same destination or flow. */
final class SnapshotMerge {

  /** From the least to the most that a breaker keeps back. */
  private static final List<String> BREAKERS =
      List.of("closed", "half_open", "open", "forced_open");

  private SnapshotMerge() {}

  /** Sums what is counted; of what holds a lane, the strictest. */
  static LaneSnapshot lanes(LaneSnapshot one, LaneSnapshot other) {
    double rate = one.ratePerSecond() + other.ratePerSecond();
    return new LaneSnapshot(
        one.destinationId(),
        one.inFlight() + other.inFlight(),
        one.backlogCount() + other.backlogCount(),
        one.concurrencyLimit() + other.concurrencyLimit(),
        BREAKERS.indexOf(one.breaker()) >= BREAKERS.indexOf(other.breaker())
            ? one.breaker()
            : other.breaker(),
        later(one.holdUntil(), other.holdUntil()),
        rate,
        ratio(one, other));
  }

  /** Weighted by what they send now; where nothing is sent, the mean. */
  private static @Nullable Double ratio(LaneSnapshot one, LaneSnapshot other) {
    Double first = one.successRatio1m();
    Double second = other.successRatio1m();
    if (first == null || second == null) {
      return first == null ? second : first;
    }
    double rate = one.ratePerSecond() + other.ratePerSecond();
    double weight = rate > 0 ? one.ratePerSecond() / rate : 0.5;
    return first * weight + second * (1 - weight);
  }

  /** A flow waits only when it does so everywhere. */
  static FlowSnapshot flows(FlowSnapshot one, FlowSnapshot other) {
    boolean waits = one.waitingOn() != null && other.waitingOn() != null;
    return new FlowSnapshot(
        one.batchId(),
        one.destinationId(),
        one.inFlight() + other.inFlight(),
        waits ? one.waitingOn() : null,
        one.waitingCount() + other.waitingCount(),
        waits ? earlier(one.until(), other.until()) : null,
        one.ratePerSecond() + other.ratePerSecond());
  }

  private static @Nullable Instant later(@Nullable Instant one, @Nullable Instant other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one.isAfter(other) ? one : other;
  }

  private static @Nullable Instant earlier(@Nullable Instant one, @Nullable Instant other) {
    if (one == null || other == null) {
      return null;
    }
    return one.isBefore(other) ? one : other;
  }
}
