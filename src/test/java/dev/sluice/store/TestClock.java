package dev.sluice.store;

import dev.sluice.model.ProcessClock;
import java.time.Duration;
import java.time.Instant;

/** A clock that stands still until it is told otherwise. */
public final class TestClock implements ProcessClock {

  private volatile Instant now = Instant.parse("2026-03-01T12:00:00Z");

  @Override
  public Instant instant() {
    return now;
  }

  @Override
  public long nanoTime() {
    return Duration.between(Instant.EPOCH, now).toNanos();
  }

  /** Lets time pass. */
  public void advance(Duration time) {
    now = now.plus(time);
  }
}
