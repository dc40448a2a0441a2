package dev.sluice.chaos;

import java.time.Duration;

/**
 * What the oracle answers: a function of seed, key and attempt, so that a run can be repeated.
 * Mostly 200 at once; some 503 and 400, some late, some broken off.
 */
record Answers(long seed) {

  /** Status of an answer that is a reset after the whole request. */
  static final int RESET = 0;

  /** Status of a reset before the body was read. */
  static final int RESET_EARLY = -1;

  /** An answer and how late it comes. */
  record Answer(int status, Duration delay) {}

  private static final Answer OK = new Answer(200, Duration.ZERO);
  private static final Answer UNAVAILABLE = new Answer(503, Duration.ZERO);
  private static final Answer REFUSED = new Answer(400, Duration.ZERO);
  private static final Answer BROKEN = new Answer(RESET, Duration.ZERO);
  private static final Answer BROKEN_EARLY = new Answer(RESET_EARLY, Duration.ZERO);

  Answer to(String key, int attempt) {
    long hash = mix(seed ^ mix(key.hashCode() * 31L + attempt));
    int share = (int) Math.floorMod(hash, 1000L);
    if (share < 890) {
      return OK;
    }
    if (share < 930) {
      return UNAVAILABLE;
    }
    if (share < 960) {
      return new Answer(200, Duration.ofMillis(50 + Math.floorMod(hash >>> 20, 450L)));
    }
    if (share < 975) {
      return BROKEN;
    }
    return share < 980 ? BROKEN_EARLY : share < 990 ? REFUSED : OK;
  }

  /** The finalizer of SplitMix64. */
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
