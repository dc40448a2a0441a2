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
 * @param haltOn when the batch stops by itself
 * @param canary items that are sent before the others; null when all go alike
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
    Duration openTimeout,
    HaltOn haltOn,
    @Nullable Canary canary) {

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
          Duration.ofHours(24),
          HaltOn.DEFAULT,
          null);

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

  /** Gives the same options, to be changed. */
  public Builder change() {
    return new Builder(this);
  }

  /** Options in the making; what is not set stays. One thread. */
  public static final class Builder {
    private Delivery delivery;
    private @Nullable Integer concurrency;
    private @Nullable Rate rate;
    private @Nullable String credential;
    private RetryOptions retry;
    private List<String> success;
    private Duration timeout;
    private @Nullable Instant notBefore;
    private @Nullable Instant deadline;
    private int weight;
    private OnBreakerOpen onBreakerOpen;
    private Capture capture;
    private Duration openTimeout;
    private HaltOn haltOn;
    private @Nullable Canary canary;

    private Builder(BatchOptions of) {
      delivery = of.delivery;
      concurrency = of.concurrency;
      rate = of.rate;
      credential = of.credential;
      retry = of.retry;
      success = of.success;
      timeout = of.timeout;
      notBefore = of.notBefore;
      deadline = of.deadline;
      weight = of.weight;
      onBreakerOpen = of.onBreakerOpen;
      capture = of.capture;
      openTimeout = of.openTimeout;
      haltOn = of.haltOn;
      canary = of.canary;
    }

    public Builder delivery(Delivery value) {
      delivery = value;
      return this;
    }

    public Builder concurrency(@Nullable Integer value) {
      concurrency = value;
      return this;
    }

    public Builder rate(@Nullable Rate value) {
      rate = value;
      return this;
    }

    public Builder credential(@Nullable String value) {
      credential = value;
      return this;
    }

    public Builder retry(RetryOptions value) {
      retry = value;
      return this;
    }

    public Builder success(List<String> value) {
      success = value;
      return this;
    }

    public Builder timeout(Duration value) {
      timeout = value;
      return this;
    }

    public Builder notBefore(@Nullable Instant value) {
      notBefore = value;
      return this;
    }

    public Builder deadline(@Nullable Instant value) {
      deadline = value;
      return this;
    }

    public Builder weight(int value) {
      weight = value;
      return this;
    }

    public Builder onBreakerOpen(OnBreakerOpen value) {
      onBreakerOpen = value;
      return this;
    }

    public Builder capture(Capture value) {
      capture = value;
      return this;
    }

    public Builder openTimeout(Duration value) {
      openTimeout = value;
      return this;
    }

    public Builder haltOn(HaltOn value) {
      haltOn = value;
      return this;
    }

    public Builder canary(@Nullable Canary value) {
      canary = value;
      return this;
    }

    /**
     * Gives the options.
     *
     * @throws IllegalArgumentException when a value is out of its range
     */
    public BatchOptions build() {
      return new BatchOptions(
          delivery,
          concurrency,
          rate,
          credential,
          retry,
          success,
          timeout,
          notBefore,
          deadline,
          weight,
          onBreakerOpen,
          capture,
          openTimeout,
          haltOn,
          canary);
    }
  }
}
