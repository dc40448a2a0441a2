package dev.sluice.model;

/** What dispatch holds in memory, against its bounds. */
public interface DispatchLoad {

  /** Gives the counts of this moment; cheap, never blocks, any thread. */
  Counts counts();

  /**
   * What is held.
   *
   * @param unflushedCount outcomes and attempts that are not on disk yet; sending stops at {@code
   *     sluice.dispatch.outcome-buffer}
   * @param payloadBytes bytes of claimed payloads
   */
  record Counts(int unflushedCount, long payloadBytes) {}
}
