package dev.sluice.dispatch;

import java.util.Arrays;

/**
 * Attempts of a short while: how many there were, how they ended, and the median latency of those
 * that got a reply, within 6 %. Not thread-safe.
 */
final class LatencyWindow {

  /** How an attempt ended, as far as a limit is concerned. */
  enum Kind {
    /** With a reply whose latency counts. */
    REPLIED,
    /** With a sign that the destination has too much to do. */
    REFUSED,
    /** With neither. */
    LOST
  }

  private static final int OCTAVE_BITS = 3;
  private static final int BUCKETS_PER_OCTAVE = 1 << OCTAVE_BITS;

  /** From 2^14 ns, 16 µs, to 2^41 ns, 37 minutes. */
  private static final int FIRST_OCTAVE = 14;

  private static final int OCTAVES = 27;

  private final int[] buckets = new int[OCTAVES * BUCKETS_PER_OCTAVE];
  private int count;
  private int replied;
  private int refused;
  private int mostInFlight;
  private long inFlightSum;
  private long refusedNanos;
  private long firstStart;
  private long openedAt;

  /**
   * @param now when it opens
   */
  LatencyWindow(long now) {
    openedAt = now;
  }

  void add(Kind kind, long startedNanos, long endedNanos, int inFlight) {
    if (count == 0 || startedNanos - firstStart < 0) {
      firstStart = startedNanos;
    }
    count++;
    inFlightSum += inFlight;
    mostInFlight = Math.max(mostInFlight, inFlight);
    switch (kind) {
      case REPLIED -> {
        replied++;
        buckets[bucket(endedNanos - startedNanos)]++;
      }
      case REFUSED -> {
        refused++;
        refusedNanos += endedNanos - startedNanos;
      }
      case LOST -> {
        // Counted, and nothing else.
      }
    }
  }

  private static int bucket(long nanos) {
    long bounded = Math.clamp(nanos, 1L << FIRST_OCTAVE, (1L << (FIRST_OCTAVE + OCTAVES)) - 1);
    int octave = 63 - Long.numberOfLeadingZeros(bounded);
    int part = (int) (bounded >>> (octave - OCTAVE_BITS)) & (BUCKETS_PER_OCTAVE - 1);
    return (octave - FIRST_OCTAVE) * BUCKETS_PER_OCTAVE + part;
  }

  private static double middle(int bucket) {
    double octave = Math.scalb(1.0, FIRST_OCTAVE + bucket / BUCKETS_PER_OCTAVE);
    return octave * (1 + (bucket % BUCKETS_PER_OCTAVE + 0.5) / BUCKETS_PER_OCTAVE);
  }

  int count() {
    return count;
  }

  int replied() {
    return replied;
  }

  int refused() {
    return refused;
  }

  /**
   * Gives how many places were taken by attempts that came to nothing, by Little's law: a place
   * that is refused quickly is refused often.
   */
  double refusedPlaces(long now) {
    long idle = Math.max(0, firstStart - openedAt);
    return (double) refusedNanos / Math.max(1, nanos(now) - idle);
  }

  /** Gives how long a refusal took on average. */
  long meanRefusalNanos() {
    return refusedNanos / Math.max(1, refused);
  }

  int mostInFlight() {
    return mostInFlight;
  }

  double meanInFlight() {
    return (double) inFlightSum / Math.max(1, count);
  }

  /** Gives how long attempts have been under way since the latest reply. */
  long silence(long repliedAt, long now) {
    return Math.min(now - repliedAt, now - firstStart);
  }

  /** Gives how long the window has been open. */
  long nanos(long now) {
    return now - openedAt;
  }

  /** Gives the median latency of the replies in nanoseconds; there is at least one. */
  double median() {
    int half = (replied + 1) / 2;
    int seen = 0;
    for (int i = 0; i < buckets.length; i++) {
      seen += buckets[i];
      if (seen >= half) {
        return middle(i);
      }
    }
    throw new IllegalStateException("A window without replies has no median");
  }

  /** Opens the next window. */
  void clear(long now) {
    openedAt = now;
    Arrays.fill(buckets, 0);
    count = 0;
    replied = 0;
    refused = 0;
    mostInFlight = 0;
    inFlightSum = 0;
    refusedNanos = 0;
  }
}
