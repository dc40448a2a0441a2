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

  public Rate {
    if (permits < 1) {
      throw new IllegalArgumentException("rate.permits must be at least 1, was " + permits);
    }
    if (per.toMillis() < 1) {
      throw new IllegalArgumentException("rate.per must be at least 1ms, was " + per);
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
