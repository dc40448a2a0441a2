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
 * @param maxElapsed longest sum of its tries and of the waits between them that were decided for
 *     it; time in which its batch or destination was held does not count
 * @param jitter how the wait is spread
 * @param on conditions to retry on: {@code not_sent}, {@code maybe_sent}, status patterns
 * @param notOn status patterns that are never retried; they win over {@code on}
 * @param budget largest share of what a destination is sent that may be retries while first tries
 *     wait for it, 0 to 1
 */
public record RetryOptions(
    int maxAttempts,
    Duration minBackoff,
    double multiplier,
    Duration maxBackoff,
    Duration maxElapsed,
    Jitter jitter,
    List<String> on,
    List<String> notOn,
    double budget) {

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
          DEFAULT_NOT_ON,
          0.2);

  private static final List<String> AT_MOST_ONCE_ON = List.of("not_sent");

  /**
   * Gives what holds for what the client leaves out. Of items that must not be sent twice, only
   * those are tried again that were provably not sent; a status must be named.
   */
  public static RetryOptions defaultFor(Delivery delivery) {
    return switch (delivery) {
      case AT_LEAST_ONCE -> DEFAULT;
      case AT_MOST_ONCE ->
          new RetryOptions(
              DEFAULT.maxAttempts,
              DEFAULT.minBackoff,
              DEFAULT.multiplier,
              DEFAULT.maxBackoff,
              DEFAULT.maxElapsed,
              DEFAULT.jitter,
              AT_MOST_ONCE_ON,
              DEFAULT.notOn,
              DEFAULT.budget);
    };
  }

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
    if (!(budget >= 0 && budget <= 1)) {
      throw new IllegalArgumentException("retry.budget must be 0..1, was " + budget);
    }
    on.forEach(StatusPatterns::requireCondition);
    notOn.forEach(StatusPatterns::requireStatus);
  }
}
