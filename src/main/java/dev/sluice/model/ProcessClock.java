package dev.sluice.model;

import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;

/**
 * The time of this process: wall time at start plus monotonic time, so a jump of the wall clock
 * moves nothing. Handed in wherever time is read; tests and simulations hand in their own.
 */
public interface ProcessClock extends InstantSource {

  /** Gives monotonic nanoseconds from an arbitrary origin, comparable by difference only. */
  long nanoTime();

  /** Gives the clock of the running process. */
  static ProcessClock system() {
    Instant wallAtStart = Clock.systemUTC().instant();
    long nanosAtStart = System.nanoTime();
    return new ProcessClock() {
      @Override
      public Instant instant() {
        return wallAtStart.plusNanos(System.nanoTime() - nanosAtStart);
      }

      @Override
      public long nanoTime() {
        return System.nanoTime();
      }
    };
  }
}
