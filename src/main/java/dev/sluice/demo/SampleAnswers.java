package dev.sluice.demo;

import java.time.Duration;

/**
 * What the sample destination answers. It depends on nothing but the item and the attempt, so every
 * run of the demo has the same mix: about 1.5 % of the items are refused with 400, about 5 % of the
 * other attempts get a 503, two of them with {@code Retry-After}.
 */
final class SampleAnswers {

  private static final int SCALE = 10_000;
  private static final int BAD_REQUEST_SHARE = 150;
  private static final int UNAVAILABLE_SHARE = 500;
  private static final int RETRY_AFTER_EVERY = 5_000;
  private static final int RETRY_AFTER_AT = 2_500;

  /**
   * An answer.
   *
   * @param status 200, 400 or 503
   * @param latency 5 to 20 ms
   * @param retryAfter asks the whole destination to be left alone for a second
   */
  record Answer(int status, Duration latency, boolean retryAfter) {}

  /**
   * Gives the answer to an attempt.
   *
   * @param index of the item, 0-based
   * @param attempt 1-based
   */
  Answer answer(int index, int attempt) {
    long chance = mix(index * 31L + attempt);
    Duration latency = Duration.ofMillis(5 + Math.floorMod(chance >>> 32, 16));
    if (Math.floorMod(mix(~index), SCALE) < BAD_REQUEST_SHARE) {
      return new Answer(400, latency, false);
    }
    if (attempt == 1 && index % RETRY_AFTER_EVERY == RETRY_AFTER_AT) {
      return new Answer(503, latency, true);
    }
    boolean unavailable = Math.floorMod(chance, SCALE) < UNAVAILABLE_SHARE;
    return new Answer(unavailable ? 503 : 200, latency, false);
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long mix(long value) {
    long mixed = value + 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
