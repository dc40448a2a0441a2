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

  /** Whoever could have sent more for such a part of the time is held by something else. */
  private static final double FREE = 0.02;

  /** So many attempts, or looks, say that it is not chance that all was used. */
  private static final int SURE = 3;

  /** What is wanted above what was used, of that and of the limit, so that chance holds nobody. */
  private static final double MARGIN = 1.04;

  private static final double SPACE = 0.005;

  /** Demand that falls below such a part of what was said is told; there is a write for each. */
  private static final double LESS = 0.95;

  /** The same while the share holds what nobody else wants. */
  private static final double MUCH_LESS = 0.7;

  /** A share so much above what was asked for holds what nobody else wants. */
  private static final double SPARE = 1.1;

  /** Part of the limit that is wanted by whoever may need it any time. */
  private static final double LEAST = 0.001;

  private boolean begun;
  private long lookedAt;
  private long usedAt;
  private double announced;

  /** Whether anybody had to wait since the last look. */
  private boolean waited;

  // At the last look, and in the one before it.
  private long takenBefore;
  private double freeBefore;
  private double usedBefore;

  /** Looks in a row at which all was used, and what was taken meanwhile. */
  private int streak;

  private long streakTaken;

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
    streak = usedAll ? streak + 1 : 0;
    streakTaken = usedAll ? streakTaken + taken : 0;
    if (taken > 0 || waited || use.waitingCount > 0) {
      usedAt = now;
    }
    double need = Math.max(steady(used) * MARGIN + SPACE * limit, usedAll ? more(use, used) : 0);
    boolean hasSpare = use.perSecond > SPARE * announced;
    boolean isLess = !usedAll && need < (hasSpare ? MUCH_LESS : LESS) * announced;
    if (need > announced || isLess) {
      announced = need;
    }
    takenBefore = use.taken;
    freeBefore = use.freeNanos;
    usedBefore = used;
    waited = false;
  }

  /** Demand that ended is not averaged away slowly: others wait for its share. */
  private double steady(double used) {
    return used < usedBefore / 2 ? used : (used + usedBefore) / 2;
  }

  /** What waits may wait for something else too; that shows once there is more of the share. */
  private double more(Use use, double used) {
    double all = used + use.waitingCount;
    boolean isSure = streak > 1 && (streakTaken >= SURE || streak > SURE);
    return isSure ? all : Math.min(all, 2 * used);
  }
}
