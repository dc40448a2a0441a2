package dev.sluice.dispatch;

import dev.sluice.model.Verdict;

/**
 * How many attempts a lane may have in flight. Algorithms see each attempt's latency and verdict;
 * clock and permits stay outside. Any thread.
 */
interface ConcurrencyLimit {

  /** Gives the limit as it is now, at least 1. */
  int current();

  /**
   * Learns from an attempt.
   *
   * @param startedNanos process nanos of its permit
   * @param endedNanos process nanos of its verdict
   * @param inFlight attempts in flight when it ended, itself included
   */
  void ended(Verdict verdict, long startedNanos, long endedNanos, int inFlight);

  /** Learns that the destination is back after its breaker was open. */
  void recovered(long now);

  /** Gives the latest limit that nothing spoke against, for a lane that comes back later. */
  int lastGood();

  /** Gives a limit that never moves. */
  static ConcurrencyLimit fixed(int limit) {
    return new ConcurrencyLimit() {
      @Override
      public int current() {
        return limit;
      }

      @Override
      public void ended(Verdict verdict, long startedNanos, long endedNanos, int inFlight) {
        // A fixed limit learns nothing.
      }

      @Override
      public void recovered(long now) {
        // Nor does it forget.
      }

      @Override
      public int lastGood() {
        return limit;
      }
    };
  }
}
