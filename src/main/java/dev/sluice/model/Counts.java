package dev.sluice.model;

/**
 * Where the items of a batch are: {@code total = pending + inFlight + Σ outcomes}.
 *
 * @param total items accepted
 * @param inFlight attempts on the wire as last published, at most a second old
 */
public record Counts(
    long total,
    long inFlight,
    long succeeded,
    long failed,
    long expired,
    long cancelled,
    long rejected,
    long inDoubt) {

  public Counts {
    // A snapshot may be a second older than the counters: pending never shows below zero.
    inFlight =
        Math.clamp(
            inFlight,
            0,
            Math.max(0, total - succeeded - failed - expired - cancelled - rejected - inDoubt));
  }

  /** Gives the items with an outcome. */
  public long settled() {
    return succeeded + failed + expired + cancelled + rejected + inDoubt;
  }

  /** Gives the items that wait. */
  public long pending() {
    return total - inFlight - settled();
  }
}
