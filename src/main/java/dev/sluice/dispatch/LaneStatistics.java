package dev.sluice.dispatch;

import dev.sluice.model.Verdict;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What a lane did lately: counts taken once a second, looked at over a minute. Counting by any
 * thread, rolling by one.
 */
final class LaneStatistics {

  private static final int SECONDS = 60;

  private final LongAdder ended = new LongAdder();
  private final LongAdder succeeded = new LongAdder();
  private final long[] endedPerSecond = new long[SECONDS];
  private final long[] succeededPerSecond = new long[SECONDS];
  private int second;
  private volatile double ratePerSecond;
  private volatile @Nullable Double successRatio;

  void ended(Verdict verdict) {
    ended.increment();
    if (verdict instanceof Verdict.Succeeded) {
      succeeded.increment();
    }
  }

  /** Closes a period of {@code nanos}. */
  void roll(long nanos) {
    long count = ended.sumThenReset();
    endedPerSecond[second] = count;
    succeededPerSecond[second] = succeeded.sumThenReset();
    second = (second + 1) % SECONDS;
    ratePerSecond = count * 1e9 / Math.max(1, nanos);
    long all = 0;
    long good = 0;
    for (int i = 0; i < SECONDS; i++) {
      all += endedPerSecond[i];
      good += succeededPerSecond[i];
    }
    successRatio = all == 0 ? null : (double) good / all;
  }

  double ratePerSecond() {
    return ratePerSecond;
  }

  @Nullable Double successRatio() {
    return successRatio;
  }
}
