package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProcessLoadTests {

  @Test
  void loopsThatComeLateTwiceInARowAreSlow() {
    ProcessLoad load = new ProcessLoad(() -> Duration.ofMillis(40).toNanos());
    assertThat(load.getAsBoolean()).isFalse();
    load.sample();
    load.sample();
    assertThat(load.getAsBoolean()).isTrue();
  }
}
