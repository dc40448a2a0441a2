package dev.sluice.model;

import org.jspecify.annotations.Nullable;

/**
 * Makes spans of what happens to a batch: its intake, each stretch in which a process sends items
 * of it, and those attempts that are sampled. Called on hot paths by any thread; returns at once.
 * Null means not traced, and what is not traced costs nothing more.
 */
public interface DispatchTracer {

  /** Traces nothing. */
  DispatchTracer NONE = new DispatchTracer() {};

  /**
   * A batch was sealed, so many nanoseconds after its submission, or the call that sealed it,
   * began.
   *
   * @param batchId public id
   */
  default void intakeEnded(String batchId, String tenant, long itemCount, long nanos) {}

  /**
   * This process begins to send items of a batch.
   *
   * @param batchId public id
   */
  default @Nullable BatchTrace dispatchBegan(String batchId, String tenant) {
    return null;
  }

  /** A stretch in which a process sends items of a batch. */
  interface BatchTrace {

    /**
     * An attempt begins; null unless it is sampled.
     *
     * @param index of the item in its batch
     * @param number of the attempt, from 1 on
     */
    @Nullable AttemptTrace attemptBegan(Destination destination, long index, int number);

    /** Nothing of the batch is left in this process. Called once. */
    void ended();
  }

  /** One attempt that is traced. */
  interface AttemptTrace {

    /** Gives what tells the destination of the span, in the form of W3C Trace Context. */
    String traceparent();

    /**
     * The attempt got its verdict. Called once.
     *
     * @param taken run within the span, so that what it logs and counts can name the trace; what it
     *     throws goes on
     */
    void ended(Verdict verdict, Runnable taken);
  }
}
