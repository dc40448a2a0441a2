package dev.sluice.model;

import java.util.Collection;

/**
 * A set of HTTP statuses written as patterns: {@code 429} or {@code 5xx}. Immutable, one bit a
 * status.
 */
public final class StatusPatterns {

  private final java.util.BitSet statuses = new java.util.BitSet(600);

  private StatusPatterns() {}

  /** Gives the set that the patterns describe; entries that are not statuses are left out. */
  public static StatusPatterns of(Collection<String> patterns) {
    StatusPatterns set = new StatusPatterns();
    for (String pattern : patterns) {
      if (isClass(pattern)) {
        int first = (pattern.charAt(0) - '0') * 100;
        set.statuses.set(first, first + 100);
      } else if (isStatus(pattern)) {
        set.statuses.set(Integer.parseInt(pattern));
      }
    }
    return set;
  }

  /** Tells whether the status is in the set. */
  public boolean contains(int status) {
    return statuses.get(status);
  }

  static void requireStatus(String pattern) {
    if (!isStatus(pattern) && !isClass(pattern)) {
      throw new IllegalArgumentException(
          "Expected a status such as 429 or a class such as 5xx, was " + pattern);
    }
  }

  static void requireCondition(String condition) {
    if (!condition.equals("not_sent") && !condition.equals("maybe_sent")) {
      requireStatus(condition);
    }
  }

  private static boolean isClass(String pattern) {
    return pattern.length() == 3
        && pattern.charAt(0) >= '1'
        && pattern.charAt(0) <= '5'
        && pattern.endsWith("xx");
  }

  private static boolean isStatus(String pattern) {
    return pattern.length() == 3
        && pattern.charAt(0) >= '1'
        && pattern.charAt(0) <= '5'
        && Character.isDigit(pattern.charAt(1))
        && Character.isDigit(pattern.charAt(2));
  }
}
