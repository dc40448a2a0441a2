package dev.sluice.dispatch;

import java.util.concurrent.TimeUnit;

/**
 * How much of a rate this replica could use, by what it used of its share and whether it had to
 * wait for more. Where it did not, that is little more than it used, however much waits for other
 * things: what it cannot use is for others. One thread.
 */
final class RateDemand {

  private static final long SHORTEST_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long SLEEP_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Such a part of the time an attempt may go untaken though more could be used. */
  private static final double FREE = 0.01;

  private static final int SURE = 3;

  /** More than was used, so that chance alone makes nobody wait. */
  private static final double MARGIN = 1.04;

  private static final double SPACE = 0.005;

  /** Less by this much is told at once where others may want it, or else only by that much. */
  private static final double LESS = 0.95;

  private static final double MUCH_LESS = 0.7;

  /** A share this much above what was asked for is a part of what nobody wants. */
  private static final double SPARE = 1.1;

  /** Said instead of nothing, so that there is a share to begin with. */
  private static final double LEAST = 0.001;

  private boolean begun;
  private long lookedAt;
  private long usedAt;
  private long takenBefore;
  private boolean waited;
  private int streak;
  private long streakTaken;
  private double usedBefore;
  private double freeBefore;
  private double announced;

  /**
   * What was seen of a share.
   *
   * @param taken attempts ever taken
   * @param perSecond the share
   * @param waited whether anybody had to wait for it since the last look
   * @param waitingCount items that could go if it were larger
   */
  record Use(long taken, double perSecond, double freeNanos, boolean waited, int waitingCount) {}

  /** Gives the attempts a second that could be used; 0 when there has been no use for any. */
  double wanted(Use use, double limit, long now) {
    waited |= use.waited;
    if (!begun) {
      begun = true;
      lookedAt = now;
      usedAt = now;
      takenBefore = use.taken;
      freeBefore = use.freeNanos;
    }
    boolean isNew = use.perSecond == 0 && use.waitingCount > 0;
    if (isNew) {
      usedAt = now;
      streak = SURE;
      announced = Math.max(announced, use.waitingCount);
    }
    if (now - lookedAt >= SHORTEST_LOOK_NANOS) {
      look(use, (now - lookedAt) / 1e9, limit, now);
      lookedAt = now;
    }
    if (now - usedAt >= SLEEP_NANOS) {
      announced = 0;
      return 0;
    }
    return Math.clamp(announced, LEAST * limit, limit);
  }

  private void look(Use use, double seconds, double limit, long now) {
    long taken = use.taken - takenBefore;
    double used = taken / seconds;
    double free = (use.freeNanos - freeBefore) / 1e9 / seconds;
    boolean usedAll = waited && free < FREE;
    freeBefore = use.freeNanos;
    streak = usedAll ? streak + 1 : 0;
    streakTaken = usedAll ? streakTaken + taken : 0;
    if (taken > 0 || waited || use.waitingCount > 0) {
      usedAt = now;
    }
    // Demand that ended is not averaged away slowly: others wait for its share.
    double lately = used < usedBefore / 2 ? used : (used + usedBefore) / 2;
    double need = lately * MARGIN + SPACE * limit;
    if (usedAll) {
      double more = used + use.waitingCount;
      boolean sure = streak > 1 && (streakTaken >= SURE || streak > SURE);
      need = Math.max(need, sure ? more : Math.min(more, 2 * used));
    }
    boolean hasSpare = use.perSecond > SPARE * announced;
    if (need > announced || (!usedAll && need < (hasSpare ? MUCH_LESS : LESS) * announced)) {
      announced = need;
    }
    takenBefore = use.taken;
    usedBefore = used;
    waited = false;
  }
}
