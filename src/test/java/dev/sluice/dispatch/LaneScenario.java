package dev.sluice.dispatch;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * A destination's behaviour over time and what a lane must make of it, as one file of {@code
 * lane-simulations} says it.
 *
 * @param description what the destination does and what is expected, in a sentence or two
 * @param duration simulated time
 * @param offered items a second; as many as the lane takes when absent
 * @param rival whether a second sender sends to the same destination from the start
 * @param phases behaviour from a time on; the first begins at 0
 * @param expect what is measured, and its range
 * @param caught broken limits under which the scenario must fail
 */
record LaneScenario(
    String description,
    Duration duration,
    @Nullable Integer offered,
    @DefaultValue("false") boolean rival,
    List<Phase> phases,
    List<Expectation> expect,
    List<BrokenLimit> caught) {

  /**
   * How the destination behaves.
   *
   * @param at when it begins
   * @param latency of a reply while nothing queues
   * @param jitter latency varies by this share, evenly
   * @param tail this share of replies takes ten times as long
   * @param knee so many at once are worked on side by side; more share the same capacity
   * @param hardLimit more at once are refused with 503
   * @param dropsAbove more at once get no reply at all
   * @param perSecond replies leave over a link of this rate, one after the other
   * @param quota more attempts a second get 429 with {@code Retry-After: 1}
   * @param silent no attempt gets a reply
   * @param failing this share of attempts fails with 500
   */
  record Phase(
      Duration at,
      @DefaultValue("50ms") Duration latency,
      @DefaultValue("0") double jitter,
      @DefaultValue("0") double tail,
      @Nullable Integer knee,
      @Nullable Integer hardLimit,
      @Nullable Integer dropsAbove,
      @Nullable Double perSecond,
      @Nullable Integer quota,
      @DefaultValue("false") boolean silent,
      @DefaultValue("0") double failing) {}

  /** What is measured between two times. */
  enum Measure {
    /** Mean attempts in flight. */
    IN_FLIGHT,
    /** Most attempts in flight. */
    MOST_IN_FLIGHT,
    /** Mean limit. */
    LIMIT,
    /** Successes a second. */
    RATE,
    /** Attempts refused or without a reply, as a share of all. */
    REFUSED,
    /** Successes of this lane, as a share of those of both senders. */
    SHARE,
    /** Attempts begun a second, whatever came of them. */
    ATTEMPTS
  }

  /**
   * A range for a measure.
   *
   * @param from when measuring begins
   * @param to when it ends
   */
  record Expectation(
      Measure measure, Duration from, Duration to, @Nullable Double min, @Nullable Double max) {

    boolean holds(double value) {
      return (min == null || value >= min) && (max == null || value <= max);
    }
  }

  /** Limits that are wrong in one way. */
  enum BrokenLimit {
    /** Never moves from 8. */
    STAYS_SMALL,
    /** Never moves from the ceiling. */
    STAYS_LARGE,
    /** Takes refusals and timeouts for replies. */
    BLIND_TO_REFUSALS,
    /** Takes every reply for a quick one. */
    BLIND_TO_LATENCY,
    /** Grows although the limit was not reached. */
    GROWS_UNASKED,
    /** Forgets everything at the first refusal and begins at the floor. */
    PANICS
  }
}
