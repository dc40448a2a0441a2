package dev.sluice.dispatch;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The next time at which a lane looks again by itself: the earliest of what was asked for. Any
 * thread.
 */
final class WakeUps {

  /** No time at all. */
  static final long NEVER = Long.MAX_VALUE;

  private final LaneTimer timer;
  private final Runnable look;
  private final AtomicLong next = new AtomicLong(NEVER);

  WakeUps(LaneTimer timer, Runnable look) {
    this.timer = timer;
    this.look = look;
  }

  /**
   * Looks again at {@code nanos} of the process clock, or earlier when that was asked for already.
   */
  void at(long nanos) {
    if (nanos == NEVER) {
      return;
    }
    while (true) {
      long planned = next.get();
      if (planned != NEVER && nanos - planned >= 0) {
        return;
      }
      if (next.compareAndSet(planned, nanos)) {
        timer.at(nanos, () -> wake(nanos));
        return;
      }
    }
  }

  private void wake(long nanos) {
    next.compareAndSet(nanos, NEVER);
    look.run();
  }

  /** Gives {@code nanos} when they are ahead of {@code now}, otherwise {@link #NEVER}. */
  static long ahead(long nanos, long now) {
    return nanos != NEVER && nanos - now > 0 ? nanos : NEVER;
  }
}
