package dev.sluice.store;

import dev.sluice.model.ProcessClock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the time of this process can be believed. What cannot be undone hangs on it: expiry,
 * retention and the start of scheduled batches wait while it does not hold. It does not while the
 * wall clock has moved away from process time, and for an hour after a start at which the store was
 * last in use in the future or long ago: a machine may well have been off for weeks, so what nobody
 * mends within that hour is believed. Any thread.
 */
public final class TimeTrust {

  /** How far wall clock and process time may be apart. */
  static final Duration TOLERANCE = Duration.ofMinutes(5);

  /** How long a store may have been out of use without a question. */
  static final Duration ABSENCE = Duration.ofDays(7);

  /** How long a start with such a question waits for somebody, or a time server, to answer it. */
  static final Duration PROBATION = Duration.ofHours(1);

  private static final Logger log = LoggerFactory.getLogger(TimeTrust.class);

  private final ProcessClock clock;
  private final InstantSource wall;

  /** Process nanos at which probation began; null without one. Under the monitor. */
  private @Nullable Long probationSince;

  /** What was last logged. Under the monitor. */
  private boolean agreed = true;

  /**
   * @param wall the clock of the machine, which others may set
   */
  public TimeTrust(ProcessClock clock, InstantSource wall) {
    this.clock = clock;
    this.wall = wall;
  }

  /**
   * Tells when the store was last in use, as it was believed then; gives whether the present time
   * is believed beside it.
   *
   * @param lastSeen null for a new store
   */
  public synchronized boolean startedAfter(@Nullable Instant lastSeen) {
    if (lastSeen == null) {
      return true;
    }
    Instant now = clock.instant();
    Duration away = Duration.between(lastSeen, now);
    if (away.compareTo(TOLERANCE.negated()) >= 0 && away.compareTo(ABSENCE) <= 0) {
      return true;
    }
    probationSince = clock.nanoTime();
    log.atWarn()
        .addKeyValue("now", now)
        .addKeyValue("lastUsed", lastSeen)
        .addKeyValue("believedAfter", PROBATION)
        .log(
            away.isNegative()
                ? "The store was last in use in the future: one of the two times is wrong. Nothing expires, is deleted or starts by schedule until this one is believed. Set the clock and restart if it is wrong."
                : "The store was not in use for long, or the clock is wrong. Nothing expires, is deleted or starts by schedule until it is believed. Set the clock and restart if it is wrong.");
    return false;
  }

  /** Tells whether what cannot be undone may be done by the present time. */
  public synchronized boolean holds() {
    Duration offset = offset();
    boolean agrees = offset.abs().compareTo(TOLERANCE) <= 0;
    if (agrees != agreed) {
      agreed = agrees;
      if (agrees) {
        log.atInfo().log("The wall clock agrees with process time again.");
      } else {
        log.atWarn()
            .addKeyValue("offset", offset)
            .log(
                "The wall clock has moved away from process time. Nothing expires, is deleted or starts by schedule until they agree. If the wall clock is right now, restart.");
      }
    }
    return agrees && !isOnProbation();
  }

  private boolean isOnProbation() {
    Long since = probationSince;
    if (since != null && clock.nanoTime() - since >= PROBATION.toNanos()) {
      probationSince = null;
      log.atInfo().addKeyValue("now", clock.instant()).log("The present time is believed now.");
    }
    return probationSince != null;
  }

  /** Gives how far the wall clock is ahead of process time. */
  public Duration offset() {
    return Duration.between(clock.instant(), wall.instant());
  }
}
