package dev.sluice.model;

import org.jspecify.annotations.Nullable;

/**
 * When a batch stops by itself. A resume begins every rule anew.
 *
 * @param failureRatio items that did not succeed ÷ items with an outcome, above 0 and up to 1; null
 *     when the ratio is not looked at
 * @param after outcomes before the ratio counts, 1 to 10,000,000
 * @param consecutiveAuthFailures outcomes in a row with status 401, 403 or 407; 0 when they are not
 *     looked at, up to 1,000,000
 * @param action what happens then
 */
public record HaltOn(
    @Nullable Double failureRatio, int after, int consecutiveAuthFailures, Action action) {

  /** What a halt does. */
  public enum Action {
    /** The batch waits for a person. */
    PAUSE,
    /** Items without outcome end {@code CANCELLED}. */
    CANCEL
  }

  /** A credential that is refused is refused for every item: somebody should look. */
  public static final HaltOn DEFAULT = new HaltOn(null, 100, 20, Action.PAUSE);

  private static final int MAX_RUN = 1_000_000;

  public HaltOn {
    if (failureRatio != null && !(failureRatio > 0 && failureRatio <= 1)) {
      throw new IllegalArgumentException(
          "haltOn.failureRatio must be above 0 and at most 1, was " + failureRatio);
    }
    if (after < 1 || after > Item.MAX_COUNT) {
      throw new IllegalArgumentException(
          "haltOn.after must be 1.." + Item.MAX_COUNT + ", was " + after);
    }
    if (consecutiveAuthFailures < 0 || consecutiveAuthFailures > MAX_RUN) {
      throw new IllegalArgumentException(
          "haltOn.consecutiveAuthFailures must be 0.."
              + MAX_RUN
              + ", was "
              + consecutiveAuthFailures);
    }
  }
}
