package dev.sluice.dispatch;

import dev.sluice.model.Verdict;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Finds how many attempts a destination takes at once, by its replies alone. Looks at one window
 * after the other, each as many attempts as the limit allows, all of them begun under that limit.
 *
 * <ul>
 *   <li><b>Refusals</b> (429, 503, no reply in time): the limit shrinks by the places that refused
 *       attempts took, at most by half. A destination that takes N and refuses the rest is met in a
 *       step or two, one that answers nothing is left to the floor. {@link RefusalMemory} keeps it
 *       from coming back too soon.
 *   <li><b>Queueing</b>: when the median latency rises to {@value #QUEUEING} times what the
 *       destination needs without a queue, the limit becomes what it completes in that unqueued
 *       time, by Little's law, and a quarter more. When shrinking did not make it faster, it had
 *       become slower by itself: the limit comes back and the new latency is the measure. A busy
 *       lane whose latency has not been seen unqueued for {@link #REMEASURE_NANOS} halves its limit
 *       for a few windows to look again.
 *   <li><b>Growth</b>: doubles until the first of these, then by half the square root of the limit
 *       a window. Only when the limit was reached, and while the process itself is not what is
 *       slow.
 * </ul>
 *
 * <p>Additive growth and proportional decrease after Chiu and Jain (1989); latency as a sign of
 * queueing after TCP Vegas and the gradient limits of Netflix' concurrency-limits, whose minimum of
 * 20 and climbing while every call times out alike rule that library out here; the regular look at
 * the unqueued latency after BBR. Any thread.
 */
final class AdaptiveLimit implements ConcurrencyLimit {

  private static final double QUEUEING = 1.5;
  private static final double HEADROOM = 1.25;

  /** The resolution of a median. */
  private static final double RISE = 1.1;

  /** A destination that is left more alone and no faster than this was slow by itself. */
  private static final double NOT_FASTER = 0.93;

  /** What counts as faster while looking for the unqueued latency. */
  private static final double FASTER = 0.85;

  /** The unqueued latency rises by no more in one look: another sender may hold the queue. */
  private static final double LARGEST_RISE = 1.2;

  /** So many refusals in a window, or such a share, are chance: no growth, no decrease. */
  private static final int CHANCE = 1;

  private static final double NOISE = 0.01;

  /** A median of fewer attempts says little; a slow destination gives fewer in the time. */
  private static final int ENOUGH_SAMPLES = 10;

  private static final long LONGEST_WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long REMEASURE_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long OUTAGE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final int initial;
  private final int floor;
  private final int ceiling;
  private final BooleanSupplier processIsSlow;
  private final LatencyWindow window;

  private volatile int limit;

  // Guarded by this.
  private double size;
  private boolean doubling = true;
  private double doublingUntil;

  /** Set from the refusals that end doubling until a window without any. */
  private boolean overshot;

  /** The limit of the latest window that nothing spoke against. */
  private double lastGood;

  private long repliedAt;
  private long changedAt;
  private long shrunkAt;

  /** Latency without a queue, 0 before the first window, and when to look for it again. */
  private double unqueued;

  private long measureAt;

  /** What the limit was before a halved window that measures; 0 when none runs. */
  private double sizeBeforeMeasuring;

  /** Limit before the latest shrinking because of latency; 0 when none is on trial. */
  private double sizeBeforeShrinking;

  private double medianBefore;

  /** While measuring: the lowest median seen, and whether the destination seems slow by itself. */
  private double lowest;

  private boolean suspectedSlower;

  private final RefusalMemory refusals = new RefusalMemory();

  /**
   * @param initial limit to begin with
   * @param floor the limit never falls below it, at least 1
   * @param ceiling the limit never rises above it
   * @param processIsSlow tells whether this process is what limits throughput; asked once a window
   * @param now process nanos; attempts that began before are not learned from
   */
  AdaptiveLimit(int initial, int floor, int ceiling, BooleanSupplier processIsSlow, long now) {
    if (floor < 1 || initial < floor || ceiling < initial) {
      throw new IllegalArgumentException(
          "A limit needs 1 <= floor <= initial <= ceiling, was %d, %d, %d"
              .formatted(floor, initial, ceiling));
    }
    this.floor = floor;
    this.ceiling = ceiling;
    this.processIsSlow = processIsSlow;
    this.initial = initial;
    this.doublingUntil = ceiling;
    this.size = initial;
    this.limit = initial;
    this.window = new LatencyWindow(now);
    this.changedAt = now;
    this.shrunkAt = now;
    this.repliedAt = now;
  }

  @Override
  public int current() {
    return limit;
  }

  @Override
  public synchronized void ended(
      Verdict verdict, long startedNanos, long endedNanos, int inFlight) {
    if (verdict instanceof Verdict.Interrupted || verdict instanceof Verdict.Denied) {
      return;
    }
    LatencyWindow.Kind kind = kind(verdict);
    if (kind == LatencyWindow.Kind.REPLIED) {
      repliedAt = endedNanos;
    }
    // A reply under another limit says nothing about this one. A refusal does, though it may come
    // much later than the limit has grown; only what a smaller limit answered already is left out.
    boolean told =
        kind == LatencyWindow.Kind.REFUSED
            ? startedNanos - shrunkAt < 0
            : startedNanos - changedAt < 0;
    if (told) {
      return;
    }
    window.add(kind, startedNanos, endedNanos, inFlight);
    if (isComplete(endedNanos)) {
      close(endedNanos);
      window.clear(endedNanos);
    }
  }

  /** Refusals come quickly and in number: a quarter of the limit says enough. */
  private boolean isComplete(long now) {
    return window.refused() >= Math.max(CHANCE + 1, limit / 4)
        || (window.count() >= limit
            && (window.count() >= ENOUGH_SAMPLES || window.nanos(now) >= LONGEST_WINDOW_NANOS));
  }

  /** Begins anew after an outage: small, doubling up to where it was. */
  @Override
  public synchronized void recovered(long now) {
    forgetTrials();
    window.clear(now);
    doubleUntil(lastGood);
    unqueued = 0;
    change(Math.min(size, initial), now);
  }

  @Override
  public synchronized int lastGood() {
    return lastGood == 0 ? initial : (int) Math.max(lastGood, floor);
  }

  private static LatencyWindow.Kind kind(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Succeeded _, Verdict.Refused _, Verdict.Retryable _ ->
          verdict.isBackPressure() ? LatencyWindow.Kind.REFUSED : LatencyWindow.Kind.REPLIED;
      case Verdict.MaybeSent m when isTimeout(m.failure()) -> LatencyWindow.Kind.REFUSED;
      case Verdict.NotSent n when isTimeout(n.failure()) -> LatencyWindow.Kind.REFUSED;
      case Verdict.MaybeSent _, Verdict.NotSent _, Verdict.Denied _, Verdict.Interrupted _ ->
          LatencyWindow.Kind.LOST;
    };
  }

  private static boolean isTimeout(Verdict.Failure failure) {
    return switch (failure.code()) {
      case "deadline", "connect_timeout", "timeout", "pool" -> true;
      default -> false;
    };
  }

  private void close(long now) {
    if (window.refused() > Math.max(CHANCE, NOISE * window.count())) {
      shrinkByRefusals(now);
      return;
    }
    if (window.replied() == 0) {
      return;
    }
    overshot = false;
    lastGood = Math.max(size, sizeBeforeMeasuring);
    double median = window.median();
    if (sizeBeforeMeasuring > 0) {
      measured(median, now);
    } else if (sizeBeforeShrinking > 0 && median >= NOT_FASTER * medianBefore) {
      measure(sizeBeforeShrinking, median, true, now);
    } else {
      follow(median, now);
    }
  }

  private void shrinkByRefusals(long now) {
    double places = window.refusedPlaces(now);
    overshot |= doubling;
    if (overshot && window.refused() > window.replied()) {
      // Doubling went too far, by how much is not known yet: refusals that are much quicker than
      // replies each count as a place, before there are enough of them to open the breaker.
      places = Math.max(window.refused(), places);
    }
    double measuredFrom = sizeBeforeMeasuring;
    forgetTrials();
    double smaller = Math.min(limit - 1.0, Math.max(limit / 2.0, Math.rint(limit - places)));
    if (window.silence(repliedAt, now) > Math.max(OUTAGE_NANOS, (long) (2 * unqueued))) {
      // It is not too much for the destination: there is no destination. Its limit is kept in mind.
      doubleUntil(lastGood == 0 ? ceiling : lastGood);
      smaller = limit / 2.0;
    } else if (measuredFrom > 0) {
      // Refused at a limit that was only small to measure: chance, or an outage that begins.
      doubleUntil(measuredFrom);
    } else {
      refusals.remember(limit, window.meanRefusalNanos(), now);
      doubling = false;
    }
    change(smaller, now);
  }

  private void doubleUntil(double end) {
    doubling = true;
    doublingUntil = Math.max(end, initial);
  }

  /**
   * Halves on while that makes the destination faster, and three times at least when it is
   * suspected of having become slower by itself; then the limit comes back.
   */
  private void measured(double median, long now) {
    boolean faster = median < FASTER * lowest;
    lowest = Math.min(median, lowest);
    boolean deep = limit <= floor || limit <= sizeBeforeMeasuring / 8;
    if (!deep && (faster || suspectedSlower)) {
      change(limit / 2.0, now);
      return;
    }
    boolean indifferent = deep && lowest >= NOT_FASTER * medianBefore;
    unqueued = indifferent ? lowest : Math.min(lowest, LARGEST_RISE * unqueued);
    measureAt = now + REMEASURE_NANOS;
    double before = sizeBeforeMeasuring;
    forgetTrials();
    change(before, now);
  }

  private void measure(double before, double median, boolean suspected, long now) {
    sizeBeforeShrinking = 0;
    sizeBeforeMeasuring = before;
    suspectedSlower = suspected;
    medianBefore = median;
    lowest = median;
    change(limit / 2.0, now);
  }

  private void forgetTrials() {
    sizeBeforeMeasuring = 0;
    sizeBeforeShrinking = 0;
  }

  private void follow(double median, long now) {
    sizeBeforeShrinking = 0;
    if (unqueued == 0 || median < unqueued / RISE) {
      // Lower than anything seen: perhaps not low enough, so look soon.
      unqueued = median;
      measureAt = now + SOON_NANOS;
    } else if (median <= RISE * unqueued && measureAt - now > SOON_NANOS) {
      unqueued = Math.min(unqueued, median);
      measureAt = now + REMEASURE_NANOS;
    }
    if (median > QUEUEING * unqueued) {
      doubling = false;
      double completed = window.meanInFlight() * unqueued / median * HEADROOM;
      if (completed < limit - 1) {
        sizeBeforeShrinking = size;
        medianBefore = median;
        change(Math.max(limit / 2.0, Math.ceil(completed)), now);
      } else if (limit <= floor) {
        // Nothing of ours queues there: it is as slow as it is.
        unqueued = median;
        measureAt = now + REMEASURE_NANOS;
      } else if (now - measureAt > 0) {
        measure(size, median, true, now);
      }
    } else if (now - measureAt > 0 && limit > floor) {
      measure(size, median, false, now);
    } else if (window.refused() == 0
        && window.mostInFlight() >= limit
        && !processIsSlow.getAsBoolean()) {
      grow(now);
    }
  }

  private void grow(long now) {
    double next = doubling ? 2 * size : size + Math.max(1, Math.sqrt(size) / 2);
    if (doubling && next >= doublingUntil) {
      next = doublingUntil;
      doubling = false;
    }
    next = refusals.bound(size, limit, next, now);
    if (next > size) {
      change(next, now);
    }
  }

  private void change(double next, long now) {
    size = Math.clamp(next, floor, ceiling);
    int whole = (int) size;
    if (whole != limit) {
      if (whole < limit) {
        shrunkAt = now;
      }
      limit = whole;
      changedAt = now;
    }
  }
}
