package dev.sluice.hostile;

import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Whole replies that ask for something. */
final class StatusFaults {

  /** The three forms of a date in HTTP, RFC 9110 §5.6.7. */
  private static final DateTimeFormatter IMF = format("EEE, dd MMM yyyy HH:mm:ss 'GMT'");

  private static final DateTimeFormatter RFC_850 = format("EEEE, dd-MMM-yy HH:mm:ss 'GMT'");
  private static final DateTimeFormatter ASCTIME = format("EEE MMM ppd HH:mm:ss yyyy");

  static final List<Fault> ALL =
      List.of(
          Fault.reply(
              "redirect-loop",
              "302 to itself",
              Expectation.refused(),
              wire -> wire.reply(302, "", "Location: " + wire.url())),
          Fault.reply(
              "redirect-keeping-method",
              "307 to itself",
              Expectation.refused(),
              wire -> wire.reply(307, "", "Location: " + wire.url())),
          Fault.reply(
              "redirect-elsewhere",
              "301 to the cloud's metadata",
              Expectation.refused(),
              wire -> wire.reply(301, "", "Location: http://169.254.169.254/latest/")),
          Fault.reply(
              "server-error",
              "500 each time",
              Expectation.refused(),
              wire -> wire.reply(500, "oops")),
          patience("429-without-retry-after", "no Retry-After", 429, () -> null),
          patience("429-seconds", "Retry-After: 1", 429, () -> "1"),
          patience("429-zero", "Retry-After: 0", 429, () -> "0"),
          patience("429-date", "Retry-After: a date", 429, () -> IMF.format(soon())),
          patience(
              "429-date-rfc850",
              "Retry-After: a date of RFC 850",
              429,
              () -> RFC_850.format(soon())),
          patience(
              "429-date-asctime",
              "Retry-After: a date of asctime",
              429,
              () -> ASCTIME.format(soon())),
          patience(
              "429-date-in-the-past",
              "Retry-After: a date in the past",
              429,
              () -> "Sun, 06 Nov 1994 08:49:37 GMT"),
          patience("429-negative", "Retry-After: -5", 429, () -> "-5"),
          patience("429-fraction", "Retry-After: 1.5", 429, () -> "1.5"),
          patience("429-garbage", "Retry-After: words", 429, () -> "in a while"),
          patience("429-empty", "Retry-After: nothing", 429, () -> ""),
          patience("503-seconds", "Retry-After: 1", 503, () -> "1"),
          patience("503-date", "Retry-After: a date", 503, () -> IMF.format(soon())),
          patience("503-garbage", "Retry-After: bytes", 503, () -> "\u00ff\u00fe"),
          Fault.reply(
              "503-for-ages",
              "503 with Retry-After of three thousand years",
              Expectation.held(),
              wire -> wire.reply(503, "", "Retry-After: 99999999999")));

  private StatusFaults() {}

  private static DateTimeFormatter format(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).withZone(ZoneOffset.UTC);
  }

  private static ZonedDateTime soon() {
    return ZonedDateTime.now(ZoneOffset.UTC).plus(Duration.ofSeconds(2));
  }

  private static Fault patience(
      String name, String header, int status, Supplier<@Nullable String> retryAfter) {
    return Fault.reply(
        name,
        "%d with %s at an item's first try, then 200".formatted(status, header),
        Expectation.healsWhenRetried(),
        wire -> {
          if (wire.attempt() > 1) {
            wire.reply(200, "");
            return;
          }
          String value = retryAfter.get();
          if (value == null) {
            wire.reply(status, "");
          } else {
            wire.reply(status, "", "Retry-After: " + value);
          }
        });
  }
}
