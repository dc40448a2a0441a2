package dev.sluice.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.store.TestClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PulseTests {

  private static final Duration MOST = Duration.ofSeconds(2);

  private final TestClock clock = new TestClock();
  private final Pulse pulse = new Pulse(clock, MOST);

  private void beat() {
    pulse.heard(clock.nanoTime());
  }

  private boolean isHeard() {
    return pulse.isHeard(clock.nanoTime());
  }

  @Test
  void supposesTheBestWhileNobodyBeats() {
    clock.advance(Duration.ofHours(1));
    assertThat(isHeard()).isTrue();
    pulse.begin();
    assertThat(isHeard()).isTrue();
  }

  @Test
  void isHeardUntilABeatIsTooLongAgo() {
    pulse.begin();
    clock.advance(MOST.minusNanos(1));
    assertThat(isHeard()).isTrue();
    clock.advance(Duration.ofNanos(1));
    assertThat(isHeard()).isFalse();
    beat();
    assertThat(isHeard()).isTrue();
  }

  @Test
  void countsFromWhenABeatWasSent() {
    pulse.begin();
    long sentAt = clock.nanoTime();
    clock.advance(MOST);
    pulse.heard(sentAt);
    assertThat(isHeard()).isFalse();
  }

  @Test
  void hasReturnedForWhatBeganBeforeABeatFailed() {
    pulse.begin();
    long before = clock.nanoTime();
    clock.advance(Duration.ofSeconds(1));
    pulse.failed();
    beat();
    clock.advance(Duration.ofMillis(1));
    long after = clock.nanoTime();
    assertThat(pulse.hasReturned(before, Duration.ofMillis(1), after)).isTrue();
    assertThat(pulse.hasReturned(before, Duration.ofMillis(2), after)).isFalse();
    assertThat(pulse.hasReturned(after, Duration.ofMillis(1), after)).isFalse();
  }

  @Test
  void hasNotBeenAwayWhenItWasOnlySlow() {
    pulse.begin();
    long before = clock.nanoTime();
    clock.advance(MOST.multipliedBy(2));
    beat();
    clock.advance(Duration.ofSeconds(1));
    assertThat(pulse.hasReturned(before, Duration.ofMillis(1), clock.nanoTime())).isFalse();
  }
}
