package dev.sluice.model;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client asked for beyond the items.
 *
 * @param delivery what happens to an item whose reply was lost
 * @param concurrency most attempts in flight for the whole batch; lowers, never raises
 * @param rate attempts per period for the whole batch
 * @param credential name of the outbound credential of every item
 * @param retry when and how often to try again
 * @param success status patterns that end an item well
 * @param timeout total deadline of one attempt
 * @param notBefore nothing is sent earlier
 * @param deadline nothing is sent later
 * @param weight share of a destination beside other batches, 1 to 1,000
 * @param onBreakerOpen what to do while the destination's breaker is open
 * @param capture which responses are kept
 * @param openTimeout an open batch idle for so long expires
 */
public record BatchOptions(
    Delivery delivery,
    @Nullable Integer concurrency,
    @Nullable Rate rate,
    @Nullable String credential,
    RetryOptions retry,
    List<String> success,
    Duration timeout,
    @Nullable Instant notBefore,
    @Nullable Instant deadline,
    int weight,
    OnBreakerOpen onBreakerOpen,
    Capture capture,
    Duration openTimeout) {

  /** What happens to items while the breaker of their destination is open. */
  public enum OnBreakerOpen {
    /** They wait; no attempt is spent. */
    PARK,
    /** They fail at once. */
    FAIL
  }

  public static final Duration MAX_TIMEOUT = Duration.ofMinutes(10);

  public static final BatchOptions DEFAULT =
      new BatchOptions(
          Delivery.AT_LEAST_ONCE,
          null,
          null,
          null,
          RetryOptions.DEFAULT,
          List.of("2xx"),
          Duration.ofSeconds(30),
          null,
          null,
          1,
          OnBreakerOpen.PARK,
          Capture.DEFAULT,
          Duration.ofHours(24));

  public BatchOptions {
    success = List.copyOf(success);
    success.forEach(StatusPatterns::requireStatus);
    if (success.isEmpty()) {
      throw new IllegalArgumentException("success must name at least one status");
    }
    if (concurrency != null && concurrency < 1) {
      throw new IllegalArgumentException("concurrency must be at least 1, was " + concurrency);
    }
    if (timeout.toMillis() < 1 || timeout.compareTo(MAX_TIMEOUT) > 0) {
      throw new IllegalArgumentException("timeout must be 1ms..10m, was " + timeout);
    }
    if (delivery == Delivery.AT_MOST_ONCE && retry.on().contains("maybe_sent")) {
      throw new IllegalArgumentException(
          "retry.on must not name maybe_sent with delivery at_most_once: it would be sent twice");
    }
    if (weight < 1 || weight > 1000) {
      throw new IllegalArgumentException("weight must be 1..1000, was " + weight);
    }
    if (!openTimeout.isPositive()) {
      throw new IllegalArgumentException("openTimeout must be positive");
    }
  }
}
