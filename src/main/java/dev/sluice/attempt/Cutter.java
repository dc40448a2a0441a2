package dev.sluice.attempt;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The caller's hand on a running attempt. Cutting ends the exchange, closes its connection and
 * gives the verdict that its progress allows. Any thread; cutting again or after the end does
 * nothing.
 */
public final class Cutter {

  private final AtomicReference<@Nullable Runnable> action = new AtomicReference<>();

  private volatile boolean cut;

  /** Ends the attempt now; one not begun yet ends when it begins. */
  public void cut() {
    cut = true;
    Runnable armed = action.getAndSet(Cutter::alreadyCut);
    if (armed != null) {
      armed.run();
    }
  }

  /** Tells whether it was cut. */
  public boolean isCut() {
    return cut;
  }

  /** Says what cutting does; runs it at once when the cut came first. */
  void arm(Runnable cutting) {
    if (!action.compareAndSet(null, cutting)) {
      cutting.run();
    }
  }

  private static void alreadyCut() {
    // The first cut did the work.
  }
}
