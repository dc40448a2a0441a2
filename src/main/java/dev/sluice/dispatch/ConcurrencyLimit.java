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
   * @param nanos from permit to verdict
   * @param inFlight attempts in flight when it began, itself included
   */
  void ended(Verdict verdict, long nanos, int inFlight);

  /** Gives a limit that never moves. */
  static ConcurrencyLimit fixed(int limit) {
    return new ConcurrencyLimit() {
      @Override
      public int current() {
        return limit;
      }

      @Override
      public void ended(Verdict verdict, long nanos, int inFlight) {
        // A fixed limit learns nothing.
      }
    };
  }
}
