package dev.sluice.store;

/**
 * A limit that all replicas keep together.
 *
 * @param id of what it limits: the id of a destination or a batch, the name of a tenant
 */
public record LimitKey(Kind kind, String id) {

  /** What is limited. */
  public enum Kind {
    DESTINATION_RATE(false),
    DESTINATION_CONCURRENCY(true),
    BATCH_RATE(false),
    BATCH_CONCURRENCY(true),
    TENANT_RATE(false);

    private final boolean whole;

    Kind(boolean whole) {
      this.whole = whole;
    }

    /** Tells whether it is split in whole places; otherwise in attempts a second. */
    public boolean isWhole() {
      return whole;
    }
  }
}
