package dev.sluice.dispatch;

import dev.sluice.store.LimitKey;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import org.jspecify.annotations.Nullable;

/**
 * A limit that all replicas keep together, as this replica sees it: its share, and what it could
 * use. Any thread may go by it; one thread asks what it wants and says what it gets.
 */
sealed interface SharedLimit permits RateShare, PlaceShare {

  /** What goes on under the limit in this replica. */
  interface Load {

    /** Gives the items that could go now if the limit let them, as far as anyone knows. */
    int waiting();

    /** Gives the attempts under way that take a place of the limit. */
    int inUse();

    /** Has everyone look again who may wait for the limit. */
    void wake();
  }

  LimitKey key();

  /** Tells whether there is such a limit, and nothing of it is held because nothing wanted it. */
  boolean sleeps();

  /**
   * Gives what this replica wants and goes by from now on; null when that is nothing at all, and
   * then it goes by nothing.
   */
  @Nullable Demand demand(Load load, long now);

  /** Gives what it goes by, or still uses of more. */
  double held(Load load);

  /**
   * Goes by another share from now on.
   *
   * @return whether it grew
   */
  boolean grant(Share share, long now);
}
