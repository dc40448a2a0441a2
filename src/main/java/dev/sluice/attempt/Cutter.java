package dev.sluice.attempt;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The caller's hand on a running attempt, which also feels whether its request is on its way.
 * Cutting ends the exchange, closes its connection and gives the verdict that its progress allows.
 * Any thread; cutting again or after the end does nothing.
 */
public final class Cutter {

  private static final Runnable ALREADY_CUT = Cutter::alreadyCut;

  private final AtomicReference<@Nullable Runnable> action = new AtomicReference<>();

  private volatile boolean cut;
  private volatile boolean writing;

  /** Ends the attempt now; one not begun yet ends when it begins. */
  public void cut() {
    cut = true;
    Runnable armed = action.getAndSet(ALREADY_CUT);
    if (armed != null) {
      armed.run();
    }
  }

  /** Tells whether it was cut. */
  public boolean isCut() {
    return cut;
  }

  /** Tells whether the request began to be written; it may have reached its destination then. */
  public boolean isWriting() {
    return writing;
  }

  /** Says that the request is about to be written; by whoever makes the attempt. */
  public void writing() {
    writing = true;
  }

  /**
   * Says what cutting does from now on, as one step of the attempt follows another; runs it at once
   * when the cut came first.
   */
  void arm(Runnable cutting) {
    Runnable before = action.getAndUpdate(armed -> ALREADY_CUT.equals(armed) ? armed : cutting);
    if (ALREADY_CUT.equals(before)) {
      cutting.run();
    }
  }

  private static void alreadyCut() {
    // The first cut did the work.
  }
}
