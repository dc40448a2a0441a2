package dev.sluice.attempt;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/**
 * The {@code Retry-After} header (RFC 9110 §10.2.3): seconds or a date; anything else counts as
 * absent.
 */
final class RetryAfter {

  /** No destination holds itself for longer than this by one header. */
  static final Duration MAX = Duration.ofHours(1);

  private RetryAfter() {}

  /** Gives the wait asked for, 0 to {@link #MAX}; null when the value is garbage or negative. */
  static @Nullable Duration parse(@Nullable String value, Instant now) {
    if (value == null) {
      return null;
    }
    String text = value.strip();
    if (text.isEmpty() || text.length() > 40) {
      return null;
    }
    if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return text.length() > 9 ? MAX : atMost(Duration.ofSeconds(Long.parseLong(text)));
    }
    try {
      Instant until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration wait = Duration.between(now, until);
      return wait.isNegative() ? Duration.ZERO : atMost(wait);
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private static Duration atMost(Duration wait) {
    return wait.compareTo(MAX) > 0 ? MAX : wait;
  }
}
