package dev.sluice.dispatch;

import dev.sluice.model.Rate;
import dev.sluice.store.LimitKey;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * This replica's share of a rate. It saves up attempts at the speed of the share, so that a share
 * that changes changes only the speed: nothing begins anew, and what all replicas send adds up to
 * what their shares add up to. Any thread; demands and grants by one.
 */
final class RateShare implements SharedLimit {

  /** How far ahead of its time an attempt is reserved; so far a share that shrank is outlived. */
  private static final long LOOKAHEAD_NANOS = 50_000_000;

  private static final long MIN_LOOK_AGAIN_NANOS = 5_000_000;
  private static final long MAX_LOOK_AGAIN_NANOS = 1_000_000_000;

  private static final Saved NOTHING = new Saved(0, 0, 0, 0, 0);

  private final LimitKey key;
  private final ShareTerm term;
  private final AtomicReference<Saved> saved = new AtomicReference<>(NOTHING);
  private final RateDemand demand = new RateDemand();
  private volatile @Nullable Rate rate;
  private volatile boolean waited;
  private volatile boolean asleep = true;

  RateShare(LimitKey key, ShareTerm term) {
    this.key = key;
    this.term = term;
  }

  /**
   * What is saved up.
   *
   * @param attempts below zero for what is reserved ahead
   * @param atNanos when it was so
   * @param perSecond the share
   * @param taken attempts ever taken
   * @param freeNanos how long ever an attempt could have been taken and was not
   */
  private record Saved(
      double attempts, long atNanos, double perSecond, long taken, double freeNanos) {

    Saved at(long now, double most) {
      long nanos = now - atNanos;
      if (nanos <= 0) {
        return this;
      }
      double more = attempts + perSecond * nanos / 1e9;
      double free = more > 1 && perSecond > 0 ? (more - 1) / perSecond * 1e9 : 0;
      return new Saved(
          Math.min(more, Math.max(most, attempts)),
          now,
          perSecond,
          taken,
          freeNanos + Math.min(free, (double) nanos));
    }

    Saved take() {
      return new Saved(attempts - 1, atNanos, perSecond, taken + 1, freeNanos);
    }

    Saved giveBack() {
      return new Saved(attempts + 1, atNanos, perSecond, taken - 1, freeNanos);
    }

    Saved holding(double saved) {
      return new Saved(saved, atNanos, perSecond, taken, freeNanos);
    }

    Saved goingBy(double share) {
      return new Saved(attempts, atNanos, share, taken, freeNanos);
    }

    /** Gives the nanoseconds from {@code atNanos} until one more attempt is saved up. */
    double wait(double perSecond) {
      return attempts >= 1 ? 0 : (1 - attempts) / perSecond * 1e9;
    }
  }

  /** Follows the limit itself; null when there is none any more. */
  void follow(@Nullable Rate wanted) {
    Rate before = rate;
    rate = wanted;
    if (before == null) {
      saved.updateAndGet(now -> now.goingBy(0));
    } else if (wanted != null && wanted.perSecond() < before.perSecond()) {
      // As every replica does, so that they keep the new limit before anyone has asked.
      double part = wanted.perSecond() / before.perSecond();
      saved.updateAndGet(now -> now.goingBy(now.perSecond * part));
    }
  }

  /**
   * Reserves one attempt: gives the nanoseconds from {@code now} until it may start, or -1 when
   * that is too far ahead or never.
   */
  long reserve(long now) {
    while (true) {
      Saved before = saved.get();
      if (before.perSecond <= 0 || term.isOver(now)) {
        waited = true;
        return -1;
      }
      Saved after = before.at(now, most(before.perSecond));
      // A thread that read the clock earlier finds what was saved up later.
      long wait = (long) Math.ceil(after.wait(after.perSecond)) + Math.max(0, after.atNanos - now);
      if (wait > LOOKAHEAD_NANOS) {
        waited = true;
        return -1;
      }
      if (saved.compareAndSet(before, after.take())) {
        if (wait > 0) {
          waited = true;
        }
        return wait;
      }
    }
  }

  /** Takes back an attempt that was reserved and not used. */
  void giveBack() {
    saved.updateAndGet(Saved::giveBack);
  }

  /** Gives how long a refused caller should wait before it asks again. */
  long lookAgainNanos(long now) {
    Saved is = saved.get();
    if (is.perSecond <= 0 || term.isOver(now)) {
      return MAX_LOOK_AGAIN_NANOS;
    }
    double wait = is.wait(is.perSecond) + is.atNanos - now - LOOKAHEAD_NANOS / 2.0;
    return (long) Math.clamp(wait, MIN_LOOK_AGAIN_NANOS, MAX_LOOK_AGAIN_NANOS);
  }

  /** Tells whether nothing may be sent by it, not even what was reserved. */
  boolean isOver(long now) {
    return term.isOver(now);
  }

  /** Gives how much may be saved up: of the burst a part as large as the share is of the rate. */
  private double most(double perSecond) {
    Rate whole = rate;
    return whole == null ? 1 : Math.max(1, whole.burst() * perSecond / whole.perSecond());
  }

  @Override
  public LimitKey key() {
    return key;
  }

  @Override
  public boolean sleeps() {
    return asleep && rate != null;
  }

  @Override
  public @Nullable Demand demand(Load load, long now) {
    Rate whole = rate;
    Saved is = saved.get();
    is = is.at(term.within(now), most(is.perSecond));
    boolean hadToWait = waited;
    waited = false;
    double wanted =
        whole == null
            ? 0
            : demand.wanted(
                new RateDemand.Use(is.taken, is.perSecond, is.freeNanos, hadToWait, load.waiting()),
                whole.perSecond(),
                now);
    if (whole == null || wanted <= 0) {
      asleep = true;
      change(0, now);
      return null;
    }
    asleep = false;
    return new Demand(key, whole.perSecond(), wanted, held(load));
  }

  @Override
  public double held(Load load) {
    return term.isOver() ? 0 : saved.get().perSecond;
  }

  @Override
  public boolean grant(Share share, long now) {
    boolean none = term.isOver(now) || saved.get().perSecond == 0;
    double before = change(share.amount(), now);
    if (none) {
      saveUp(share);
    }
    return share.amount() > (none ? 0 : before);
  }

  /** Goes on at another speed; gives the one before. */
  private double change(double perSecond, long now) {
    while (true) {
      Saved before = saved.get();
      Saved until = before.at(term.within(now), most(before.perSecond));
      Saved after = new Saved(until.attempts, now, perSecond, until.taken, until.freeNanos);
      if (saved.compareAndSet(before, after)) {
        return before.perSecond;
      }
    }
  }

  /** Begins with what the whole limit has saved up while nobody had a share of it. */
  private void saveUp(Share share) {
    Rate whole = rate;
    if (whole != null && !share.quiet().isZero()) {
      double more = whole.perSecond() * share.quiet().toMillis() / 1e3;
      double most = most(share.amount());
      saved.updateAndGet(
          now -> now.holding(Math.max(now.attempts, Math.min(most, now.attempts + more))));
    }
  }
}
