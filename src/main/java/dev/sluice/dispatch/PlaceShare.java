package dev.sluice.dispatch;

import dev.sluice.store.LimitKey;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * This replica's share of the places of a concurrency limit. One that shrinks cuts nothing off: the
 * places in use stay its own until their attempts end. Any thread; demands and grants by one.
 */
final class PlaceShare implements SharedLimit {

  /** No limit. */
  private static final int NONE = Integer.MAX_VALUE;

  private static final long SLEEP_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Places are told of as unused once they were not for so many looks. */
  private static final int LOOKS = 3;

  private final LimitKey key;
  private final ShareTerm term;
  private volatile int limit = NONE;
  private volatile int share;
  private volatile boolean asleep = true;

  /** Most places in use since the last look; written by any thread, so one may be missed. */
  private volatile int peak;

  private final int[] peaks = new int[LOOKS];
  private int looks;
  private long usedAt;

  PlaceShare(LimitKey key, ShareTerm term) {
    this.key = key;
    this.term = term;
  }

  /** Follows the limit itself; null when there is none any more. */
  void follow(@Nullable Integer wanted) {
    int before = limit;
    limit = wanted == null ? NONE : wanted;
    if (before == NONE) {
      share = 0;
    } else if (wanted != null && wanted < before) {
      // As every replica does, so that they keep the new limit before anyone has asked.
      share = (int) ((long) share * wanted / before);
    }
  }

  /** Gives the places that may be in use; those that already are count. */
  int current() {
    if (limit == NONE) {
      return NONE;
    }
    return term.isOver() ? 0 : share;
  }

  /** Tells whether so many places may be in use, the latest of which has just been counted. */
  boolean admits(int count) {
    if (count > current()) {
      return false;
    }
    if (count > peak) {
      peak = count;
    }
    return true;
  }

  @Override
  public LimitKey key() {
    return key;
  }

  @Override
  public boolean sleeps() {
    return asleep && limit != NONE;
  }

  @Override
  public @Nullable Demand demand(Load load, long now) {
    int whole = limit;
    int waiting = whole == NONE ? 0 : load.waiting();
    int most = Math.max(peak, load.inUse());
    if (most > 0 || waiting > 0) {
      usedAt = now;
    }
    boolean unused = waiting == 0 && most == 0 && (asleep || now - usedAt >= SLEEP_NANOS);
    if (whole == NONE || unused) {
      share = 0;
      // Whoever took a place just now keeps it awake.
      asleep = whole == NONE || load.inUse() == 0;
      if (asleep) {
        return null;
      }
    }
    asleep = false;
    int wanted = lately(most);
    if (most >= share && waiting > 0) {
      wanted += waiting;
    }
    return new Demand(key, whole, Math.min(wanted, whole), held(load));
  }

  /** Gives the most places used at once, of the last few looks. */
  private int lately(int most) {
    peak = 0;
    peaks[looks++ % LOOKS] = most;
    int result = 0;
    for (int each : peaks) {
      result = Math.max(result, each);
    }
    return result;
  }

  @Override
  public double held(Load load) {
    // In this order: whoever took a place by a larger share is seen, or saw the smaller one.
    int most = term.isOver() ? 0 : share;
    return Math.max(most, load.inUse());
  }

  @Override
  public boolean grant(Share granted, long now) {
    boolean over = term.isOver(now);
    int before = over ? 0 : share;
    share = (int) granted.amount();
    return share > before;
  }
}
