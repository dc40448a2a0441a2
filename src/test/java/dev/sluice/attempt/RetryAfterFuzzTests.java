package dev.sluice.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fuzz.FuzzContract;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Whatever a destination asks for is no wait, or one of an hour at most. */
class RetryAfterFuzzTests extends FuzzContract {

  private static final Instant NOW = Instant.parse("2026-11-01T00:00:00Z");

  @Override
  protected List<String> seeds() {
    return List.of(
        "120",
        "1.5",
        "-1",
        "Sun, 01 Nov 2026 00:01:00 GMT",
        "Sunday, 01-Nov-26 00:01:00 GMT",
        "Sun Nov  1 00:01:00 2026",
        "1793491260",
        "limit=10, remaining=0;t=30");
  }

  @Override
  protected void parse(byte[] input) {
    String value = new String(input, StandardCharsets.ISO_8859_1);
    require(RetryAfter.parse(value, NOW));
    for (String name : List.of("Retry-After", "RateLimit-Reset", "RateLimit")) {
      require(RetryAfter.of(asked -> asked.equals(name) ? value : null, NOW));
    }
  }

  private static void require(Duration wait) {
    if (wait != null) {
      assertThat(wait).isBetween(Duration.ZERO, Duration.ofHours(1));
    }
  }
}
