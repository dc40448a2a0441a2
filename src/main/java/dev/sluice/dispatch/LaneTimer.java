package dev.sluice.dispatch;

/** Wakes lanes. A lane has at most a few wake-ups outstanding, never one per item. */
interface LaneTimer {

  /**
   * Runs {@code task} at {@code nanoTime} of the process clock or shortly after. The task returns
   * at once.
   */
  void at(long nanoTime, Runnable task);
}
