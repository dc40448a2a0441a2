package dev.sluice.model;

import java.time.Duration;
import java.util.List;

/**
 * When and how often an item is tried again.
 *
 * @param maxAttempts tries that count, the first included; 1 to 100
 * @param minBackoff wait before the second try
 * @param multiplier growth of the wait per try
 * @param maxBackoff longest wait
 * @param maxElapsed longest time from the first try to the last
 * @param jitter how the wait is spread
 * @param on conditions to retry on: {@code not_sent}, {@code maybe_sent}, status patterns
 * @param notOn status patterns that are never retried; they win over {@code on}
 */
public record RetryOptions(
    int maxAttempts,
    Duration minBackoff,
    double multiplier,
    Duration maxBackoff,
    Duration maxElapsed,
    Jitter jitter,
    List<String> on,
    List<String> notOn) {

  /** How a computed wait is spread. */
  public enum Jitter {
    /** Anywhere between nothing and the computed wait. */
    FULL,
    /** Between half of the computed wait and the whole. */
    EQUAL,
    /** Between the minimum and three times the previous wait. */
    DECORRELATED,
    /** Exactly the computed wait. */
    NONE
  }

  /** The conditions a retry answers to when the client names none. */
  public static final List<String> DEFAULT_ON =
      List.of("not_sent", "maybe_sent", "408", "425", "429", "5xx");

  /**
   * The statuses never retried when the client names none: not implemented, version not supported.
   */
  public static final List<String> DEFAULT_NOT_ON = List.of("501", "505");

  public static final RetryOptions DEFAULT =
      new RetryOptions(
          8,
          Duration.ofSeconds(1),
          2,
          Duration.ofMinutes(10),
          Duration.ofHours(24),
          Jitter.FULL,
          DEFAULT_ON,
          DEFAULT_NOT_ON);

  public RetryOptions {
    on = List.copyOf(on);
    notOn = List.copyOf(notOn);
    if (maxAttempts < 1 || maxAttempts > 100) {
      throw new IllegalArgumentException("retry.maxAttempts must be 1..100, was " + maxAttempts);
    }
    if (multiplier < 1 || multiplier > 100) {
      throw new IllegalArgumentException("retry.multiplier must be 1..100, was " + multiplier);
    }
    if (minBackoff.isNegative() || maxBackoff.compareTo(minBackoff) < 0) {
      throw new IllegalArgumentException("retry.maxBackoff must not be below retry.minBackoff");
    }
    if (!maxElapsed.isPositive()) {
      throw new IllegalArgumentException("retry.maxElapsed must be positive");
    }
    on.forEach(StatusPatterns::requireCondition);
    notOn.forEach(StatusPatterns::requireStatus);
  }
}
