package dev.sluice.dispatch;

import dev.sluice.model.BatchOptions;
import dev.sluice.store.LimitKey.Kind;
import org.jspecify.annotations.Nullable;

/**
 * This replica's shares of a batch's own limits; none where the limits are this process's own. Any
 * thread.
 *
 * @param rate of its rate
 * @param places of its concurrency
 */
record BatchShares(@Nullable RateShare rate, @Nullable PlaceShare places) {

  /** Gives those of a batch. */
  static BatchShares of(Shares shares, long batchId) {
    String id = Long.toString(batchId);
    return new BatchShares(
        shares.rate(Kind.BATCH_RATE, id), shares.places(Kind.BATCH_CONCURRENCY, id));
  }

  /** Follows the limits themselves. */
  void follow(BatchOptions options) {
    if (rate != null) {
      rate.follow(options.rate());
    }
    if (places != null) {
      places.follow(options.concurrency());
    }
  }

  /** Tells whether so many attempts may be under way, the latest of which has just been counted. */
  boolean admits(int count) {
    return places == null || places.admits(count);
  }

  /** Tells whether no more may be under way than these. */
  boolean isFull(int count) {
    return places != null && count >= places.current();
  }
}
