package dev.sluice.dispatch;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes of claimed payloads in memory, against a bound. Any thread. */
final class PayloadMemory {

  private static final int LANE_PART = 4;

  private final long maxBytes;
  private final AtomicLong bytes = new AtomicLong();

  PayloadMemory(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  void take(long more) {
    bytes.addAndGet(more);
  }

  void release(long less) {
    bytes.addAndGet(-less);
  }

  /** Gives how many bytes are held. */
  long held() {
    return bytes.get();
  }

  /** Gives how many bytes may be claimed now. */
  long room() {
    return maxBytes - bytes.get();
  }

  /** Gives the most bytes of one lane. */
  long laneShare() {
    return maxBytes / LANE_PART;
  }
}
