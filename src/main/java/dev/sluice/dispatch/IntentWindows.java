package dev.sluice.dispatch;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many items of each batch and destination may be intended and not yet begun: what a crash
 * leaves in doubt beside what is in flight. All windows of the process together stay within its
 * places for attempts, as long as these are more than the flows that need windows. Any thread.
 */
final class IntentWindows {

  private final IntentSink sink;
  private final int largest;
  private final int all;
  private final AtomicInteger flows = new AtomicInteger();

  /**
   * @param largest of one flow
   * @param all of all flows together
   */
  IntentWindows(IntentSink sink, int largest, int all) {
    this.sink = sink;
    this.largest = largest;
    this.all = all;
  }

  /** Counts a flow in. */
  void opened() {
    flows.incrementAndGet();
  }

  /** Counts a flow out. */
  void closed() {
    flows.decrementAndGet();
  }

  /** Gives the largest window that a flow may have now, at least 1. */
  int largest() {
    return Math.clamp(all / Math.max(1, flows.get()), 1, largest);
  }

  IntentSink sink() {
    return sink;
  }
}
