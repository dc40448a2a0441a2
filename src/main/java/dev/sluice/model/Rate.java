package dev.sluice.model;

import java.time.Duration;

/**
 * A rate of attempts.
 *
 * @param permits attempts per {@code per}, at least 1
 * @param per the period, at least 1 ms
 * @param burst attempts that may start together, at least 1
 */
public record Rate(int permits, Duration per, int burst) {

  private static final int MAX_PERMITS = 1_000_000;
  private static final Duration MIN_PERIOD = Duration.ofMillis(1);
  private static final Duration MAX_PERIOD = Duration.ofDays(7);

  public Rate {
    if (permits < 1) {
      throw new IllegalArgumentException("rate.permits must be at least 1, was " + permits);
    }
    if (permits > MAX_PERMITS || burst > MAX_PERMITS) {
      throw new IllegalArgumentException(
          "rate.permits and rate.burst must be at most " + MAX_PERMITS);
    }
    if (per.compareTo(MIN_PERIOD) < 0 || per.compareTo(MAX_PERIOD) > 0) {
      throw new IllegalArgumentException("rate.per must be 1ms..7d, was " + per);
    }
    if (burst < 1) {
      throw new IllegalArgumentException("rate.burst must be at least 1, was " + burst);
    }
  }

  /** Gives the mean attempts per second. */
  public double perSecond() {
    return permits * 1e9 / per.toNanos();
  }
}
