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
    if (share <= 0) {
      return false;
    }
    long price = (long) (FIRST_TRY * (1 - share) / share);
    while (true) {
      long now = credit.get();
      if (now < price) {
        return false;
      }
      if (credit.compareAndSet(now, now - price)) {
        return true;
      }
    }
  }
}
