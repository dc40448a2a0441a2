package dev.sluice.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryAfterTests {

  private static final Instant NOW = Instant.parse("2026-11-06T08:49:30Z");

  @ParameterizedTest
  @CsvSource({"0,0", "7,7", "' 12 ',12", "3600,3600", "3601,3600", "99999999999999999999,3600"})
  void readsSecondsUpToAnHour(String value, long seconds) {
    assertThat(RetryAfter.parse(value, NOW)).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Fri, 06 Nov 2026 08:49:37 GMT",
        "Friday, 06-Nov-26 08:49:37 GMT",
        "Fri Nov  6 08:49:37 2026"
      })
  void readsADateInEachForm(String value) {
    assertThat(RetryAfter.parse(value, NOW)).isEqualTo(Duration.ofSeconds(7));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Fri, 06 Nov 2020 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"
      })
  void aDateInThePastMeansNow(String value) {
    assertThat(RetryAfter.parse(value, NOW)).isEqualTo(Duration.ZERO);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Thursday, 06-Nov-31 08:49:37 GMT", "Mon Nov 16 08:49:37 2026"})
  void aDateFarAheadIsCapped(String value) {
    assertThat(RetryAfter.parse(value, NOW)).isEqualTo(RetryAfter.MAX);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "-5", "soon", "1.5", "1e3", "Fri, 99 Nov 2026 08:49:37 GMT", "\u0663"})
  void garbageCountsAsAbsent(String value) {
    assertThat(RetryAfter.parse(value, NOW)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Retry-After=7, RateLimit-Reset=9 | 7",
        "Retry-After=soon, RateLimit-Reset=9 | 9",
        "RateLimit-Reset=0 | 0",
        "RateLimit-Reset=999999 | 3600",
        "X-RateLimit-Reset=12 | 12",
        "X-RateLimit-Reset=1793955000 | 30",
        "X-RateLimit-Reset=1793954000 | 0",
        "RateLimit=default;r=0;t=30 | 30",
        "RateLimit=day;r=5;w=86400;t=99999 | 3600",
        "RateLimit-Reset=-5 |",
        "RateLimit-Reset=1.5 |",
        "RateLimit-Reset=9999999999999 |",
        "RateLimit=default;r=0 |",
        "RateLimit=t=30 |",
        "Other=5 |"
      })
  void takesTheResetOfARateLimitWhenNothingElseIsSaid(String headers, @Nullable Long seconds) {
    Map<String, String> byName = new HashMap<>();
    for (String header : headers.split(", ", -1)) {
      String[] parts = header.split("=", 2);
      byName.put(parts[0], parts[1]);
    }
    assertThat(RetryAfter.of(byName::get, NOW))
        .isEqualTo(seconds == null ? null : Duration.ofSeconds(seconds));
  }
}
