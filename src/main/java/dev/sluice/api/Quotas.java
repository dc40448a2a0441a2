package dev.sluice.api;

/** How much a tenant may bring in. Any thread. */
public interface Quotas {

  /** No tenant is bounded. */
  Quotas NONE = (_, _) -> Allowance.UNBOUNDED;

  /**
   * Begins a submission, a chunk or a redrive.
   *
   * @param newBatch whether it makes a batch; a chunk of an open one is let in when there are
   *     enough batches already
   * @throws ApiProblem 429 {@code quota_exceeded} when the tenant has too much already, or brings
   *     it too fast
   */
  Allowance begin(String tenant, boolean newBatch);

  /** What one submission may still bring; closed when it has ended, well or not. */
  interface Allowance extends AutoCloseable {

    /** Takes whatever comes. */
    Allowance UNBOUNDED =
        new Allowance() {
          @Override
          public void take(long items, long bytes) {}

          @Override
          public void kept() {}

          @Override
          public void close() {}
        };

    /**
     * Takes items with the bytes of their bodies.
     *
     * @throws ApiProblem 429 {@code quota_exceeded} when they are too many beside what the tenant
     *     has, 413 {@code quota_too_small} when they are too many by themselves
     */
    void take(long items, long bytes);

    /** Tells that what was taken is in the store now. */
    void kept();

    @Override
    void close();
  }
}
