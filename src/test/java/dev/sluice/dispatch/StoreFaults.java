package dev.sluice.dispatch;

import dev.sluice.store.StoreException;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** What goes wrong between processes and the store, and how long its answers take, by seed. */
final class StoreFaults {

  private static final double[] SHARES = {0, 0, 0.01, 0.05, 0.2};

  private final Random random;
  private final double failing;
  private final double forgetting;
  private final double slow;
  private final long slowestNanos;
  private boolean calm;
  private long downUntil;
  long errorCount;
  long lostReplyCount;

  StoreFaults(Random random) {
    this.random = random;
    this.failing = SHARES[random.nextInt(SHARES.length)];
    this.forgetting = SHARES[random.nextInt(SHARES.length)];
    this.slow = SHARES[random.nextInt(SHARES.length)];
    this.slowestNanos = TimeUnit.MILLISECONDS.toNanos(1L << random.nextInt(10));
  }

  /** Fails every call until then. */
  void downUntil(long nanos) {
    downUntil = nanos;
  }

  /** Fails nothing any more. */
  void calm() {
    calm = true;
  }

  /** Gives how long a call waits before or after its transaction; others go on meanwhile. */
  long waitNanos() {
    return random.nextDouble() < slow ? random.nextLong(slowestNanos) : -1;
  }

  /** Fails a call before it did anything, sometimes. */
  void beforeCommit(long now) {
    if (!calm && (now - downUntil < 0 || random.nextDouble() < failing)) {
      errorCount++;
      throw new Failed();
    }
  }

  /** Loses the reply of a call that did its work, sometimes. */
  void afterCommit() {
    if (!calm && random.nextDouble() < forgetting) {
      lostReplyCount++;
      throw new Failed();
    }
  }

  /** Without a stack trace: there are many. */
  private static final class Failed extends StoreException {
    private static final long serialVersionUID = 1L;

    Failed() {
      super(Kind.UNAVAILABLE, "The simulated store failed");
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }
}
