package dev.sluice.intake;

import java.time.Duration;
import org.springframework.util.unit.DataSize;

/** Limits for tests. */
final class TestLimits {

  static final IntakeProperties DEFAULT = withMaxItem(1 << 20);

  private TestLimits() {}

  static IntakeProperties withMaxItem(int bytes) {
    return new IntakeProperties(
        DataSize.ofGigabytes(2),
        DataSize.ofBytes(bytes),
        10_000_000,
        DataSize.ofMegabytes(64),
        64,
        Duration.ofSeconds(60),
        DataSize.ofKilobytes(1));
  }
}
