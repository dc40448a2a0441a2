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

  /** Such a part of the share is all of it: the last attempt may be under way to the next look. */
  private static final double ALL = 0.95;

  /** More than was used, so that chance alone makes nobody wait. */
  private static final double MARGIN = 1.03;

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
  private double usedBefore;
  private double announced;

  /**
   * What was seen of a share.
   *
   * @param taken attempts ever taken
   * @param perSecond the share
   * @param waited whether anybody had to wait for it since the last look
   * @param waitingCount items that could go if it were larger
   */
  record Use(long taken, double perSecond, boolean waited, int waitingCount) {}

  /** Gives the attempts a second that could be used; 0 when there has been no use for any. */
  double wanted(Use use, double limit, long now) {
    waited |= use.waited;
    if (!begun) {
      begun = true;
      lookedAt = now;
      usedAt = now;
      takenBefore = use.taken;
    }
    boolean isNew = use.perSecond == 0 && use.waitingCount > 0;
    if (isNew) {
      usedAt = now;
      announced = Math.max(announced, use.waitingCount);
    }
    if (now - lookedAt >= SHORTEST_LOOK_NANOS) {
      look(use, (now - lookedAt) / 1e9, now);
      lookedAt = now;
    }
    if (now - usedAt >= SLEEP_NANOS) {
      announced = 0;
      return 0;
    }
    return Math.clamp(announced, LEAST * limit, limit);
  }

  private void look(Use use, double seconds, long now) {
    long taken = use.taken - takenBefore;
    double used = taken / seconds;
    boolean usedAll = waited && taken >= ALL * use.perSecond * seconds - 1;
    if (taken > 0 || waited || use.waitingCount > 0) {
      usedAt = now;
    }
    // Demand that ended is not averaged away slowly: others wait for its share.
    double lately = used < usedBefore / 2 ? used : (used + usedBefore) / 2;
    double need = usedAll ? Math.max(used, lately) + use.waitingCount : lately * MARGIN;
    boolean hasSpare = use.perSecond > SPARE * announced;
    if (need > announced || need < (hasSpare ? MUCH_LESS : LESS) * announced) {
      announced = need;
    }
    takenBefore = use.taken;
    usedBefore = used;
    waited = false;
  }
}
