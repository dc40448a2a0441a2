package dev.sluice.model;

/** The connections of this process to all destinations together, so that nothing grows by host. */
public interface ConnectionPools {

  /** Gives the counts of this moment; cheap, never blocks, any thread. */
  Counts counts();

  /**
   * Connections summed over all pools.
   *
   * @param poolCount pools, one per destination that was used lately
   * @param totalCount open or being opened
   * @param acquiredCount carrying an exchange
   * @param idleCount open and free
   * @param pendingCount exchanges that wait for a connection; more than 0 means a pool is too small
   */
  record Counts(
      int poolCount, int totalCount, int acquiredCount, int idleCount, int pendingCount) {}
}
