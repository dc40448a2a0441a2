package dev.sluice.dispatch;

import dev.sluice.model.Verdict;
import dev.sluice.store.DestinationSettings.Concurrency;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The concurrency limit of one lane, as an operator, the properties or the destination itself want
 * it. Any thread; {@link #follow} by one.
 */
final class LaneLimits {

  private static final int FLOOR = 1;

  private final LaneContext context;
  private volatile ConcurrencyLimit limit;
  private @Nullable Concurrency followed;
  private @Nullable Integer remembered;
  private @Nullable PlaceShare share;

  /**
   * @param remembered the last good limit of an earlier lane, if any
   */
  LaneLimits(LaneContext context, @Nullable Integer remembered) {
    this.context = context;
    this.remembered = remembered;
    this.limit = limit(null, remembered);
  }

  /** Begins with a given limit; an operator may still set another. */
  LaneLimits(LaneContext context, ConcurrencyLimit limit) {
    this.context = context;
    this.limit = limit;
  }

  /** Has a share of the limit, where replicas share it; told once, before the lane begins. */
  void join(@Nullable PlaceShare ofLimit) {
    share = ofLimit;
  }

  /** Gives the share of the limit, where replicas share it. */
  @Nullable PlaceShare share() {
    return share;
  }

  /** Follows what an operator set for the destination; null means the default. */
  void follow(@Nullable Concurrency wanted) {
    Integer before = remembered == null ? Integer.valueOf(limit.lastGood()) : remembered;
    remembered = null;
    if (share != null) {
      // A limit that is found by the destination's replies finds its place without others' help.
      share.follow(wanted == null ? context.properties().concurrency() : wanted.max());
    }
    if (!Objects.equals(wanted, followed)) {
      followed = wanted;
      limit = limit(wanted, before);
    }
  }

  private ConcurrencyLimit limit(@Nullable Concurrency wanted, @Nullable Integer before) {
    DispatchProperties properties = context.properties();
    Integer max = wanted == null ? properties.concurrency() : wanted.max();
    int most = max == null ? properties.ceiling() : Math.min(max, properties.ceiling());
    boolean fixed =
        wanted == null ? properties.concurrency() != null : wanted.mode() == Concurrency.Mode.FIXED;
    return fixed
        ? ConcurrencyLimit.fixed(most)
        : new AdaptiveLimit(
            initial(most, before),
            FLOOR,
            most,
            context.processIsSlow(),
            context.clock().nanoTime());
  }

  /** A limit known from before is begun with when it was small, and half of it when it was not. */
  private int initial(int most, @Nullable Integer before) {
    int initial = context.properties().initialConcurrency();
    int wanted =
        before == null ? initial : before < initial ? before : Math.max(initial, before / 2);
    return Math.clamp(wanted, FLOOR, most);
  }

  int current() {
    return share == null ? limit.current() : Math.min(limit.current(), share.current());
  }

  /** Says how many loops there are, the latest of which has just begun. */
  void began(int count) {
    if (share != null) {
      var _ = share.admits(count);
    }
  }

  void ended(Verdict verdict, long startedNanos, long endedNanos, int inFlight) {
    limit.ended(verdict, startedNanos, endedNanos, inFlight);
  }

  /** The destination's breaker closed after an outage. */
  void recovered() {
    limit.recovered(context.clock().nanoTime());
  }

  int lastGood() {
    return limit.lastGood();
  }
}
