package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import java.time.Duration;

/**
 * When the shared database was heard last: it answers the beats of this replica, or it does not.
 * Told by the one who beats, asked by any thread.
 */
final class Pulse {

  private final ProcessClock clock;
  private final long mostNanos;

  /** Whether anybody beats. */
  private volatile boolean beating;

  /** Process nanos before the last beat was sent that was answered. */
  private volatile long heardAt;

  /** Whether a beat failed since the last one that was answered; of the one who beats. */
  private boolean failed;

  /** Whether a beat was ever answered after one that failed. */
  private volatile boolean returned;

  /** Process nanos when that was. */
  private volatile long returnedAt;

  /**
   * @param most longest time from one beat to the answer of the next in which it counts as heard
   */
  Pulse(ProcessClock clock, Duration most) {
    this.clock = clock;
    this.mostNanos = most.toNanos();
    this.heardAt = clock.nanoTime();
  }

  /** Says that beats are sent from now on. */
  void begin() {
    heardAt = clock.nanoTime();
    beating = true;
  }

  /** Says that a beat that was sent at process nanos was answered. */
  void heard(long sentAt) {
    heardAt = sentAt;
    if (failed) {
      failed = false;
      returnedAt = clock.nanoTime();
      returned = true;
    }
  }

  /** Says that a beat was refused, or not answered in its time: its connection is given up. */
  void failed() {
    failed = true;
  }

  /** Tells whether it was heard just now; of one that nobody listens to nothing else is known. */
  boolean isHeard(long nanoTime) {
    return !beating || nanoTime - heardAt < mostNanos;
  }

  /**
   * Tells whether beats failed after {@code since} and it has been heard again for so long. One
   * that is only slow has not been away.
   */
  boolean hasReturned(long since, Duration forSoLong, long nanoTime) {
    return returned
        && returnedAt - since > 0
        && nanoTime - returnedAt >= forSoLong.toNanos()
        && isHeard(nanoTime);
  }
}
