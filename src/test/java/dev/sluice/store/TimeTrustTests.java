package dev.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** When the time is believed. */
@ExtendWith(OutputCaptureExtension.class)
class TimeTrustTests {

  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration YEARS = Duration.ofDays(3650);

  private final TestClock clock = new TestClock();
  private Duration wallAhead = Duration.ZERO;
  private final TimeTrust time = new TimeTrust(clock, () -> clock.instant().plus(wallAhead));

  @ParameterizedTest
  @ValueSource(longs = {-300, -1, 0, 300})
  void smallDifferencesAreNone(long seconds) {
    wallAhead = Duration.ofSeconds(seconds);
    assertThat(time.holds()).isTrue();
    assertThat(time.offset()).hasSeconds(seconds);
  }

  @ParameterizedTest
  @ValueSource(longs = {-315_360_000, -3600, -301, 301, 3600, 315_360_000})
  void aJumpOfTheWallClockSuspendsUntilItAgreesAgain(long seconds) {
    wallAhead = Duration.ofSeconds(seconds);
    assertThat(time.holds()).isFalse();
    clock.advance(YEARS);
    assertThat(time.holds()).as("however long").isFalse();
    wallAhead = Duration.ZERO;
    assertThat(time.holds()).isTrue();
  }

  @Test
  void warnsOnceOfEachJump(CapturedOutput output) {
    wallAhead = YEARS;
    for (int i = 0; i < 100; i++) {
      assertThat(time.holds()).isFalse();
    }
    assertThat(output.getOut().split("has moved away from process time", -1)).hasSize(2);
    wallAhead = Duration.ZERO;
    assertThat(time.holds()).isTrue();
    assertThat(output.getOut()).contains("agrees with process time again");
  }

  @Test
  void aStartAfterAWeekendIsNoQuestion() {
    assertThat(time.startedAfter(null)).as("a new store").isTrue();
    assertThat(time.startedAfter(ago(Duration.ofDays(7)))).isTrue();
    assertThat(time.startedAfter(ago(Duration.ofMinutes(-5)))).isTrue();
    assertThat(time.holds()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {-3650, -1, 8, 3650})
  void aStartAtAnUnlikelyTimeIsBelievedAfterAnHour(long days) {
    assertThat(time.startedAfter(ago(Duration.ofDays(days)))).isFalse();
    assertThat(time.holds()).isFalse();
    clock.advance(HOUR.minusMillis(1));
    assertThat(time.holds()).isFalse();
    clock.advance(Duration.ofMillis(1));
    assertThat(time.holds()).isTrue();
  }

  @Test
  void aClockMendedWithinTheHourStaysUnbelievedUntilARestart() {
    assertThat(time.startedAfter(ago(YEARS))).isFalse();
    wallAhead = YEARS.negated();
    clock.advance(HOUR.multipliedBy(2));
    assertThat(time.holds()).isFalse();
  }

  private Instant ago(Duration time) {
    return clock.instant().minus(time);
  }
}
