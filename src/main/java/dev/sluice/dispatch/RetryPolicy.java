package dev.sluice.dispatch;

import dev.sluice.model.RetryOptions;
import dev.sluice.model.Verdict;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.retry.RetryConfig;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When an item of a batch is tried again: the predicate, attempts and interval function of one
 * Resilience4j {@code RetryConfig}. Decides only; nobody waits here. Any thread.
 */
final class RetryPolicy {

  private final RetryOptions options;
  private final RandomGenerator random;
  private final RetryConfig config;
  private final Predicate<Verdict> retryable;
  private final long maxElapsedNanos;

  RetryPolicy(RetryOptions options, RandomGenerator random) {
    this.options = options;
    this.random = random;
    this.maxElapsedNanos = options.maxElapsed().toNanos();
    boolean notSent = options.on().contains("not_sent");
    boolean maybeSent = options.on().contains("maybe_sent");
    this.config =
        RetryConfig.<Verdict>custom()
            .maxAttempts(options.maxAttempts())
            .retryOnResult(verdict -> isRetryable(verdict, notSent, maybeSent))
            .intervalFunction(interval(options))
            .build();
    this.retryable = Objects.requireNonNull(config.getResultPredicate());
  }

  private static boolean isRetryable(Verdict verdict, boolean notSent, boolean maybeSent) {
    return switch (verdict) {
      case Verdict.Retryable _ -> true;
      case Verdict.NotSent _ -> notSent;
      case Verdict.MaybeSent _ -> maybeSent;
      case Verdict.Succeeded _, Verdict.Refused _, Verdict.Denied _, Verdict.Interrupted _ -> false;
    };
  }

  /** Exponential, jitter apart. */
  private static IntervalFunction interval(RetryOptions options) {
    return IntervalFunction.ofExponentialBackoff(
        Math.max(1, options.minBackoff().toMillis()),
        options.multiplier(),
        Math.max(1, options.maxBackoff().toMillis()));
  }

  /** Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. */
  private long jittered(int attempts, long lastWaitMillis) {
    long computed = config.getIntervalBiFunction().apply(attempts, null);
    return switch (options.jitter()) {
      case FULL -> random.nextLong(computed + 1);
      case EQUAL -> computed - random.nextLong(computed / 2 + 1);
      case DECORRELATED -> {
        long min = options.minBackoff().toMillis();
        long span = Math.max(0, 3 * Math.max(min, lastWaitMillis) - min);
        yield Math.min(options.maxBackoff().toMillis(), min + random.nextLong(span + 1));
      }
      case NONE -> computed;
    };
  }

  /**
   * Gives the wait before the next try, or null when there shall be none.
   *
   * @param attempts tries made, this one included: the wait grows with each
   * @param counted those of them that count
   * @param spentNanos what they took, with the waits between them
   * @param lastWaitNanos the last of those waits, 0 when there was none
   */
  @Nullable Duration nextWait(
      Verdict verdict, int attempts, int counted, long spentNanos, long lastWaitNanos) {
    if (!retryable.test(verdict) || counted >= config.getMaxAttempts()) {
      return null;
    }
    Duration wait =
        Duration.ofMillis(jittered(attempts, TimeUnit.NANOSECONDS.toMillis(lastWaitNanos)));
    if (verdict instanceof Verdict.Retryable r && r.retryAfter() != null) {
      wait = wait.compareTo(r.retryAfter()) > 0 ? wait : r.retryAfter();
    }
    return spentNanos + wait.toNanos() > maxElapsedNanos ? null : wait;
  }
}
