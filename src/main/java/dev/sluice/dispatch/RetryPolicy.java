package dev.sluice.dispatch;

import dev.sluice.model.RetryOptions;
import dev.sluice.model.Verdict;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.retry.RetryConfig;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When an item of a batch is tried again: the predicate, attempts and interval function of one
 * Resilience4j {@code RetryConfig}. Decides only; nobody waits here. Any thread.
 */
final class RetryPolicy {

  private final RetryConfig config;
  private final Predicate<Verdict> retryable;
  private final long maxElapsedNanos;

  RetryPolicy(RetryOptions options, RandomGenerator random) {
    this.maxElapsedNanos = options.maxElapsed().toNanos();
    boolean notSent = options.on().contains("not_sent");
    boolean maybeSent = options.on().contains("maybe_sent");
    this.config =
        RetryConfig.<Verdict>custom()
            .maxAttempts(options.maxAttempts())
            .retryOnResult(verdict -> isRetryable(verdict, notSent, maybeSent))
            .intervalFunction(interval(options, random))
            .build();
    this.retryable = Objects.requireNonNull(config.getResultPredicate());
  }

  private static boolean isRetryable(Verdict verdict, boolean notSent, boolean maybeSent) {
    return switch (verdict) {
      case Verdict.Retryable _ -> true;
      case Verdict.NotSent _ -> notSent;
      case Verdict.MaybeSent _ -> maybeSent;
      case Verdict.Succeeded _, Verdict.Refused _, Verdict.Interrupted _ -> false;
    };
  }

  /** Full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter", 2015. */
  private static IntervalFunction interval(RetryOptions options, RandomGenerator random) {
    IntervalFunction exponential =
        IntervalFunction.ofExponentialBackoff(
            Math.max(1, options.minBackoff().toMillis()),
            options.multiplier(),
            Math.max(1, options.maxBackoff().toMillis()));
    return attempt -> random.nextLong(exponential.apply(attempt) + 1);
  }

  /**
   * Gives the wait before the next try, or null when there shall be none.
   *
   * @param attempts tries made, this one included: the wait grows with each
   * @param counted those of them that count
   * @param sinceFirstNanos time since the first try began
   */
  @Nullable Duration nextWait(Verdict verdict, int attempts, int counted, long sinceFirstNanos) {
    if (!retryable.test(verdict) || counted >= config.getMaxAttempts()) {
      return null;
    }
    Duration wait = Duration.ofMillis(config.getIntervalBiFunction().apply(attempts, null));
    if (verdict instanceof Verdict.Retryable r && r.retryAfter() != null) {
      wait = wait.compareTo(r.retryAfter()) > 0 ? wait : r.retryAfter();
    }
    return sinceFirstNanos + wait.toNanos() > maxElapsedNanos ? null : wait;
  }
}
