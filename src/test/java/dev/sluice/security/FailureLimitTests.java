package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.ProcessClock;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class FailureLimitTests {

  private long nanos = -5;

  private final FailureLimit limit =
      new FailureLimit(
          2,
          new ProcessClock() {
            @Override
            public Instant instant() {
              return Instant.EPOCH.plusNanos(nanos);
            }

            @Override
            public long nanoTime() {
              return nanos;
            }
          });

  @Test
  void countsUpToItsNumberInASecondOfAnAddress() {
    assertThat(limit.count("192.0.2.1")).isTrue();
    assertThat(limit.isExhausted("192.0.2.1")).isFalse();
    assertThat(limit.count("192.0.2.1")).isTrue();
    assertThat(limit.isExhausted("192.0.2.1")).isTrue();
    assertThat(limit.count("192.0.2.1")).isFalse();
    assertThat(limit.isExhausted("192.0.2.2")).isFalse();
    nanos += 1_000_000_000;
    assertThat(limit.isExhausted("192.0.2.1")).isFalse();
    assertThat(limit.count("192.0.2.1")).isTrue();
  }

  @Test
  void aNetworkOfIpv6IsOneAddress() {
    limit.count("2001:db8:0:1::1");
    limit.count("2001:db8:0:1:ffff::2");
    assertThat(limit.isExhausted("2001:db8:0:1::3")).isTrue();
    assertThat(limit.isExhausted("2001:db8:0:2::1")).isFalse();
  }

  @Test
  void forgetsWhomItHasNotSeenForLongest() {
    limit.count("first");
    limit.count("first");
    for (int i = 0; i < 10_000; i++) {
      limit.count("192.0." + i / 256 + "." + i % 256);
    }
    assertThat(limit.isExhausted("first")).isFalse();
  }
}
