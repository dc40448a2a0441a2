package dev.sluice.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.model.Rate;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings.BreakerOverride;
import dev.sluice.store.DestinationSettings.Concurrency;
import dev.sluice.store.LaneSnapshot;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A destination as the API shows it: what an operator set, and what its lane last published.
 *
 * @param rate as set; null means the default
 * @param paused set while an operator's pause holds
 * @param holdUntil until when {@code Retry-After} holds it
 * @param parkedUntil until when nothing is claimed for it
 * @param breaker {@code closed}, {@code open}, {@code half_open} or {@code forced_open}
 * @param breakerOverride as set: {@code open}, {@code closed} or {@code auto}
 */
public record DestinationView(
    String key,
    @Nullable RateView rate,
    ConcurrencyView concurrency,
    @Nullable Object window,
    @Nullable PauseView paused,
    @Nullable Instant holdUntil,
    @Nullable Instant parkedUntil,
    String breaker,
    String breakerOverride,
    int inFlight,
    int backlog,
    double ratePerSecond,
    SuccessRatio successRatio) {

  /** A rate of attempts; {@code per} is a duration such as {@code 1s}. */
  public record RateView(int permits, String per, int burst) {

    /** Gives the view of a rate; null when there is none. */
    public static @Nullable RateView of(@Nullable Rate rate) {
      return rate == null
          ? null
          : new RateView(rate.permits(), Durations.format(rate.per()), rate.burst());
    }
  }

  /**
   * A concurrency limit.
   *
   * @param mode as set, {@code adaptive} or {@code fixed}; null means the default
   * @param max as set; null means the default
   * @param current most attempts in flight now; null while the destination has no lane
   */
  public record ConcurrencyView(
      @Nullable String mode, @Nullable Integer max, @Nullable Integer current) {}

  /** An operator's pause. */
  public record PauseView(Instant since, String by, String reason, @Nullable Instant until) {}

  /** Share of attempts that succeeded; null when there were none or it is not measured. */
  public record SuccessRatio(
      @JsonProperty("1m") @Nullable Double minute,
      @JsonProperty("5m") @Nullable Double fiveMinutes,
      @JsonProperty("1h") @Nullable Double hour) {}

  /** Gives the view of a destination. */
  public static DestinationView of(DestinationRecord record, Instant now) {
    LaneSnapshot lane = record.lane();
    BreakerOverride override = record.settings().breaker();
    Concurrency concurrency = record.settings().concurrency();
    DestinationRecord.Pause pause = record.paused();
    return new DestinationView(
        record.destination().key(),
        RateView.of(record.settings().rate()),
        new ConcurrencyView(
            concurrency == null ? null : concurrency.mode().name().toLowerCase(Locale.ROOT),
            concurrency == null ? null : concurrency.max(),
            lane == null ? null : lane.concurrencyLimit()),
        null,
        pause == null
            ? null
            : new PauseView(
                pause.since(), pause.reason().by(), pause.reason().message(), pause.until()),
        holdUntil(record, now),
        future(record.parkedUntil(), now),
        breaker(record, now),
        switch (override) {
          case null -> "auto";
          case OPEN -> "open";
          case CLOSED -> "closed";
        },
        lane == null ? 0 : lane.inFlight(),
        lane == null ? 0 : lane.backlogCount(),
        lane == null ? 0 : lane.ratePerSecond(),
        new SuccessRatio(lane == null ? null : lane.successRatio1m(), null, null));
  }

  private static @Nullable Instant holdUntil(DestinationRecord record, Instant now) {
    LaneSnapshot lane = record.lane();
    if (lane != null && lane.holdUntil() != null) {
      return future(lane.holdUntil(), now);
    }
    return "hold".equals(record.parkReason()) ? future(record.parkedUntil(), now) : null;
  }

  private static @Nullable Instant future(@Nullable Instant until, Instant now) {
    return until != null && until.isAfter(now) ? until : null;
  }

  /** The lane knows; without one the store remembers that it parked open. */
  private static String breaker(DestinationRecord record, Instant now) {
    if (record.settings().breaker() == BreakerOverride.OPEN) {
      return "forced_open";
    }
    if (record.lane() != null) {
      return record.lane().breaker();
    }
    boolean open =
        "breaker".equals(record.parkReason()) && future(record.parkedUntil(), now) != null;
    return open ? "open" : "closed";
  }
}
