package dev.sluice.attempt;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/**
 * How long a destination asks to be left alone: the {@code Retry-After} header (RFC 9110 §10.2.3),
 * seconds or a date in one of the three forms of §5.6.7, else when its rate limit is reset, as
 * seconds or as a Unix time. Anything else counts as absent.
 */
final class RetryAfter {

  /** No destination holds itself for longer than this by one header. */
  static final Duration MAX = Duration.ofHours(1);

  private static final int MOST_CHARACTERS = 40;

  /** As seconds to wait this is 31 years; as a Unix time it is in 2001. */
  private static final long LEAST_UNIX_TIME = 1_000_000_000;

  private static final List<String> RESETS = List.of("RateLimit-Reset", "X-RateLimit-Reset");

  /** {@code RateLimit: "default";r=0;t=30}, draft-ietf-httpapi-ratelimit-headers-10. */
  private static final String RATE_LIMIT = "RateLimit";

  private static final Pattern RESET_PARAMETER = Pattern.compile(";\\s*t=(\\d{1,12})(?!\\d)");

  /** The obsolete forms must be understood too; all are in UTC. */
  private static final List<DateTimeFormatter> DATES =
      List.of(
          DateTimeFormatter.RFC_1123_DATE_TIME,
          new DateTimeFormatterBuilder()
              .appendPattern("EEEE, dd-MMM-")
              // Two digits mean a year from 1977 to 2076.
              .appendValueReduced(ChronoField.YEAR, 2, 2, 1977)
              .appendPattern(" HH:mm:ss 'GMT'")
              .toFormatter(Locale.ENGLISH),
          DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH));

  private RetryAfter() {}

  /**
   * Gives the wait that a reply asks for, 0 to {@link #MAX}; null when it asks for none.
   *
   * @param header gives the first value of a header by its name
   */
  static @Nullable Duration of(Function<String, @Nullable String> header, Instant now) {
    Duration wait = parse(header.apply(HttpHeaders.RETRY_AFTER), now);
    for (String name : RESETS) {
      wait = wait == null ? reset(header.apply(name), now) : wait;
    }
    return wait == null ? resetParameter(header.apply(RATE_LIMIT)) : wait;
  }

  private static @Nullable Duration reset(@Nullable String value, Instant now) {
    if (value == null || !value.strip().matches("\\d{1,12}")) {
      return null;
    }
    long seconds = Long.parseLong(value.strip());
    Duration wait =
        seconds < LEAST_UNIX_TIME
            ? Duration.ofSeconds(seconds)
            : Duration.between(now, Instant.ofEpochSecond(seconds));
    return wait.isNegative() ? Duration.ZERO : atMost(wait);
  }

  private static @Nullable Duration resetParameter(@Nullable String value) {
    if (value == null || value.length() > MOST_CHARACTERS * MOST_CHARACTERS) {
      return null;
    }
    Matcher matcher = RESET_PARAMETER.matcher(value);
    return matcher.find() ? atMost(Duration.ofSeconds(Long.parseLong(matcher.group(1)))) : null;
  }

  /**
   * Gives the wait of a {@code Retry-After}, 0 to {@link #MAX}; null when the value is garbage or
   * negative.
   */
  static @Nullable Duration parse(@Nullable String value, Instant now) {
    if (value == null) {
      return null;
    }
    String text = value.strip();
    if (text.isEmpty() || text.length() > MOST_CHARACTERS) {
      return null;
    }
    if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return text.length() > 9 ? MAX : atMost(Duration.ofSeconds(Long.parseLong(text)));
    }
    Instant until = date(text);
    if (until == null) {
      return null;
    }
    Duration wait = Duration.between(now, until);
    return wait.isNegative() ? Duration.ZERO : atMost(wait);
  }

  private static @Nullable Instant date(String text) {
    for (DateTimeFormatter form : DATES) {
      try {
        return form.parse(text, RetryAfter::instant);
      } catch (DateTimeException e) {
        // Not this form; one of no form is garbage, which counts as absent.
      }
    }
    return null;
  }

  private static Instant instant(TemporalAccessor parsed) {
    return parsed.isSupported(ChronoField.INSTANT_SECONDS)
        ? Instant.from(parsed)
        : LocalDateTime.from(parsed).toInstant(ZoneOffset.UTC);
  }

  private static Duration atMost(Duration wait) {
    return wait.compareTo(MAX) > 0 ? MAX : wait;
  }
}
