package dev.sluice.api;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations as the API writes them: {@code 250ms}, {@code 1s}, {@code 10m}, {@code 24h}, {@code 7d}
 * or ISO-8601.
 */
public final class Durations {

  private static final Pattern SIMPLE = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)");

  /** A century: whatever is longer cannot be told in nanoseconds, or not even in milliseconds. */
  private static final Duration MAX = Duration.ofDays(36_525);

  private Durations() {}

  /**
   * Reads a duration.
   *
   * @throws IllegalArgumentException when {@code text} is none, negative, or longer than a century
   */
  public static Duration parse(String text) {
    Duration duration = read(text);
    if (duration.isNegative() || duration.compareTo(MAX) > 0) {
      throw invalid(text);
    }
    return duration;
  }

  private static Duration read(String text) {
    Matcher simple = SIMPLE.matcher(text);
    if (simple.matches()) {
      long amount = Long.parseLong(simple.group(1));
      return switch (simple.group(2)) {
        case "ms" -> Duration.ofMillis(amount);
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        case "h" -> Duration.ofHours(amount);
        default -> Duration.ofDays(amount);
      };
    }
    try {
      return Duration.parse(text);
    } catch (DateTimeParseException e) {
      throw invalid(text);
    }
  }

  /** Gives the shortest form that {@link #parse} reads, for example {@code 10m}. */
  public static String format(Duration duration) {
    long millis = duration.toMillis();
    if (duration.isNegative() || duration.toNanosPart() % 1_000_000 != 0) {
      return duration.toString();
    }
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds == 0 || seconds % 60 != 0) {
      return seconds + "s";
    }
    return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds / 60 + "m";
  }

  private static IllegalArgumentException invalid(String text) {
    return new IllegalArgumentException(
        "Expected a duration such as 250ms, 1s, 10m, 24h or PT1S, at most 36525d, was " + text);
  }
}
