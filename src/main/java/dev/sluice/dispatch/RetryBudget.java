package dev.sluice.dispatch;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps retries of a destination from crowding out first tries: each first try earns a share of a
 * retry, and while first tries wait a retry goes only when one has been earned. After the retry
 * throttle of gRPC (proposal A6) and the retry budget of Finagle. Any thread.
 */
final class RetryBudget {

  private static final long FIRST_TRY = 1_000_000;

  /** First tries whose share is kept: a burst of retries beside them is no longer than that. */
  private static final long MOST = 100 * FIRST_TRY;

  private final AtomicLong credit = new AtomicLong();

  /** A first try is sent. */
  void earn() {
    if (credit.get() < MOST) {
      credit.addAndGet(FIRST_TRY);
    }
  }

  /** A retry that was taken did not go. */
  void refund(double share) {
    if (share > 0 && share < 1) {
      credit.addAndGet(price(share));
    }
  }

  /** Tells whether a retry would be refused now. */
  boolean isSpent(double share) {
    return share < 1 && (share <= 0 || credit.get() < price(share));
  }

  /**
   * Takes a retry from what was earned.
   *
   * @param share largest share of all tries that may be retries, 0 to 1
   * @return whether there was one
   */
  boolean trySpend(double share) {
    if (share >= 1) {
      return true;
    }
    while (!isSpent(share)) {
      long now = credit.get();
      if (now >= price(share) && credit.compareAndSet(now, now - price(share))) {
        return true;
      }
    }
    return false;
  }

  private static long price(double share) {
    // However small the share, what can be saved up buys one.
    return (long) Math.min(MOST, FIRST_TRY * (1 - share) / share);
  }
}
