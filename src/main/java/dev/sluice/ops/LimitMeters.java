package dev.sluice.ops;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.core.metrics.MetricsPublisher;
import io.github.resilience4j.micrometer.tagged.TaggedCircuitBreakerMetricsPublisher;
import io.github.resilience4j.micrometer.tagged.TaggedRateLimiterMetricsPublisher;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryRegistry;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Meters of Resilience4j. Its own meters ({@code resilience4j.*}, tag {@code name}) are published
 * for so many breakers and limiters as have seats: breakers that are not closed first; they are
 * removed with their owner. Transitions and retries of all are counted without a name.
 */
final class LimitMeters {

  private static final Comparator<CircuitBreaker> TROUBLED_FIRST =
      Comparator.<CircuitBreaker, Boolean>comparing(
              breaker -> breaker.getState() == CircuitBreaker.State.CLOSED)
          .thenComparing(CircuitBreaker::getName);

  private final MeterRegistry registry;
  private final int seatCount;
  private final Map<CircuitBreaker.State, Counter> transitions =
      new EnumMap<>(CircuitBreaker.State.class);
  private final List<Seats<?>> seats = new CopyOnWriteArrayList<>();

  LimitMeters(MeterRegistry registry, int seatCount) {
    this.registry = registry;
    this.seatCount = seatCount;
  }

  /** Publishes breakers and counts their transitions. */
  void watch(CircuitBreakerRegistry breakers) {
    for (CircuitBreaker.State state : CircuitBreaker.State.values()) {
      transitions.put(
          state,
          Counter.builder("sluice.breaker.transitions")
              .description("Changes of breakers into a state")
              .tag("to", state.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    breakers.getEventPublisher().onEntryAdded(event -> count(event.getAddedEntry()));
    breakers.getEventPublisher().onEntryReplaced(event -> count(event.getNewEntry()));
    breakers.getAllCircuitBreakers().forEach(this::count);
    seats.add(
        new Seats<>(
            new TaggedCircuitBreakerMetricsPublisher(registry),
            () -> breakers.getAllCircuitBreakers().stream().sorted(TROUBLED_FIRST),
            CircuitBreaker::getName));
  }

  private void count(CircuitBreaker breaker) {
    breaker
        .getEventPublisher()
        .onStateTransition(
            event -> increment(transitions.get(event.getStateTransition().getToState())));
  }

  private static void increment(@Nullable Counter counter) {
    if (counter != null) {
      counter.increment();
    }
  }

  /** Publishes rate limiters. */
  void watch(RateLimiterRegistry rates) {
    seats.add(
        new Seats<>(
            new TaggedRateLimiterMetricsPublisher(registry),
            () ->
                rates.getAllRateLimiters().stream()
                    .sorted(Comparator.comparing(RateLimiter::getName)),
            RateLimiter::getName));
  }

  /** Counts the decisions of all retries together: each batch has one. */
  void watch(RetryRegistry retries) {
    Counter again = decision("again");
    Counter exhausted = decision("exhausted");
    retries
        .getEventPublisher()
        .onEntryAdded(event -> count(event.getAddedEntry(), again, exhausted));
    retries.getAllRetries().forEach(retry -> count(retry, again, exhausted));
    Gauge.builder("sluice.retry.policies", retries, r -> r.getAllRetries().size())
        .description("Retry policies in use, one per batch")
        .register(registry);
  }

  private Counter decision(String decision) {
    return Counter.builder("sluice.retry.decisions")
        .description("Decisions of retry policies")
        .tag("decision", decision)
        .register(registry);
  }

  private static void count(Retry retry, Counter again, Counter exhausted) {
    retry.getEventPublisher().onRetry(_ -> again.increment());
    retry.getEventPublisher().onError(_ -> exhausted.increment());
  }

  /** Gives seats to those that are most worth looking at; one thread at a time. */
  void refresh() {
    seats.forEach(kind -> kind.refresh(seatCount));
  }

  /** Who of one kind is published. */
  private static final class Seats<T> {
    private final MetricsPublisher<T> publisher;
    private final Supplier<Stream<T>> ranked;
    private final Function<T, String> name;

    /** Touched by the refreshing thread only. */
    private Map<String, T> published = new HashMap<>();

    Seats(MetricsPublisher<T> publisher, Supplier<Stream<T>> ranked, Function<T, String> name) {
      this.publisher = publisher;
      this.ranked = ranked;
      this.name = name;
    }

    void refresh(int seatCount) {
      Map<String, T> wanted = new HashMap<>();
      ranked.get().limit(seatCount).forEach(one -> wanted.put(name.apply(one), one));
      published.forEach(
          (key, one) -> {
            if (!one.equals(wanted.get(key))) {
              publisher.removeMetrics(one);
            }
          });
      wanted.forEach(
          (key, one) -> {
            if (!one.equals(published.get(key))) {
              publisher.publishMetrics(one);
            }
          });
      published = wanted;
    }
  }
}
