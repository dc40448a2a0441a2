package dev.sluice.dispatch;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.LimitKey;
import org.jspecify.annotations.Nullable;

/**
 * Where lanes and batches get their shares of limits. In a process that shares with nobody there
 * are none, and every limit is its own. Any thread.
 */
final class Shares {

  private final @Nullable ShareTerm term;
  private volatile Runnable asked = () -> {};

  private Shares(@Nullable ShareTerm term) {
    this.term = term;
  }

  /** Gives those of a process that has every limit to itself. */
  static Shares whole() {
    return new Shares(null);
  }

  /** Gives those of one replica of several. */
  static Shares of(ProcessClock clock) {
    return new Shares(new ShareTerm(clock));
  }

  /** Gives the share of a rate; null where the rate is this process's own. */
  @Nullable RateShare rate(LimitKey.Kind kind, String id) {
    return term == null ? null : new RateShare(new LimitKey(kind, id), term);
  }

  /** Gives the share of a concurrency limit; null where the limit is this process's own. */
  @Nullable PlaceShare places(LimitKey.Kind kind, String id) {
    return term == null ? null : new PlaceShare(new LimitKey(kind, id), term);
  }

  /** Says who renews shares. */
  void onAsked(Runnable renew) {
    asked = renew;
  }

  /** Has shares renewed soon when one of these sleeps: there is work for it again. */
  void wake(@Nullable SharedLimit... limits) {
    for (SharedLimit limit : limits) {
      if (limit != null && limit.sleeps()) {
        asked.run();
        return;
      }
    }
  }

  @Nullable ShareTerm term() {
    return term;
  }
}
