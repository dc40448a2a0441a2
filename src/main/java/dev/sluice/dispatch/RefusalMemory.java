package dev.sluice.dispatch;

import java.util.concurrent.TimeUnit;

/**
 * Where a destination refused attempts, and when to go there again: after 5 s, and after twice as
 * long each time it refuses there again, so that a hard limit costs a few attempts a minute. Not
 * thread-safe.
 */
final class RefusalMemory {

  private static final long FIRST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long LAST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(60);

  private int refusedAt = Integer.MAX_VALUE;
  private long waitNanos = FIRST_WAIT_NANOS;
  private long probeAt;

  /** From then on a refusal of what is being tried would have come back. */
  private long provenAt;

  private long refusalNanos;

  /**
   * Remembers refusals.
   *
   * @param limit at which they came
   * @param tookNanos how long a refusal takes
   */
  void remember(int limit, long tookNanos, long now) {
    boolean again = Math.abs(limit - refusedAt) <= Math.max(1, limit / 8);
    waitNanos = again ? Math.min(2 * waitNanos, LAST_WAIT_NANOS) : FIRST_WAIT_NANOS;
    refusedAt = limit;
    refusalNanos = tookNanos;
    probeAt = now + waitNanos;
    provenAt = now;
  }

  /** Gives how far a limit of {@code size} may grow towards {@code next}; {@code size} at least. */
  double bound(double size, int limit, double next, long now) {
    if (next < refusedAt) {
      return next;
    }
    if (now - probeAt < 0) {
      return Math.max(size, refusedAt - 1.0);
    }
    if (limit < refusedAt) {
      provenAt = now + 2 * refusalNanos;
      return refusedAt;
    }
    if (now - provenAt < 0) {
      return size;
    }
    // It holds where it was refused before: the destination takes more now.
    refusedAt = Integer.MAX_VALUE;
    waitNanos = FIRST_WAIT_NANOS;
    return next;
  }
}
