package dev.sluice.dispatch;

import dev.sluice.model.ProcessClock;

/**
 * Until when this replica may go by its shares of limits; without the store's word they end all at
 * once. Any thread.
 */
final class ShareTerm {

  private final ProcessClock clock;
  private volatile long untilNanos;

  ShareTerm(ProcessClock clock) {
    this.clock = clock;
    this.untilNanos = clock.nanoTime();
  }

  boolean isOver(long now) {
    return now - untilNanos >= 0;
  }

  boolean isOver() {
    return isOver(clock.nanoTime());
  }

  /** Gives {@code now}, or the end when that has passed. */
  long within(long now) {
    long until = untilNanos;
    return now - until > 0 ? until : now;
  }

  /** Goes on until {@code nanos}; the shares are in force already. */
  void extend(long nanos) {
    untilNanos = nanos;
  }
}
