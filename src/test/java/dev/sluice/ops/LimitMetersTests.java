package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.retry.RetryRegistry;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class LimitMetersTests {

  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final CircuitBreakerRegistry breakers = CircuitBreakerRegistry.ofDefaults();
  private final LimitMeters meters = new LimitMeters(registry, 2);

  @Test
  void breakersInTroubleComeFirstAndLeaveWhenTheyAreWell() {
    meters.watch(breakers);
    for (String name : new String[] {"a", "b", "c", "d"}) {
      breakers.circuitBreaker(name);
    }
    meters.refresh();
    assertThat(names("resilience4j.circuitbreaker.failure.rate"))
        .containsExactlyInAnyOrder("a", "b");

    breakers.circuitBreaker("d").transitionToOpenState();
    meters.refresh();
    assertThat(names("resilience4j.circuitbreaker.failure.rate"))
        .containsExactlyInAnyOrder("a", "d");

    breakers.circuitBreaker("d").transitionToClosedState();
    meters.refresh();
    assertThat(names("resilience4j.circuitbreaker.failure.rate"))
        .containsExactlyInAnyOrder("a", "b");
    assertThat(names("resilience4j.circuitbreaker.state")).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void metersGoWithTheirOwnerAndComeBackWithItsSuccessor() {
    meters.watch(breakers);
    breakers.circuitBreaker("a");
    meters.refresh();
    breakers.remove("a");
    meters.refresh();
    assertThat(names("resilience4j.circuitbreaker.failure.rate")).isEmpty();

    breakers.circuitBreaker("a").transitionToOpenState();
    meters.refresh();
    assertThat(
            registry
                .get("resilience4j.circuitbreaker.state")
                .tags("name", "a", "state", "open")
                .gauge()
                .value())
        .isEqualTo(1);
  }

  @Test
  void transitionsOfAllBreakersAreCountedWithoutAName() {
    breakers.circuitBreaker("known before");
    meters.watch(breakers);
    for (int i = 0; i < 50; i++) {
      breakers.circuitBreaker("b" + i).transitionToOpenState();
    }
    breakers.circuitBreaker("known before").transitionToOpenState();
    assertThat(registry.get("sluice.breaker.transitions").tag("to", "open").counter().count())
        .isEqualTo(51);
    assertThat(registry.get("sluice.breaker.transitions").tag("to", "closed").counter().count())
        .isZero();
  }

  @Test
  void limitersAreBoundedToo() {
    RateLimiterRegistry rates = RateLimiterRegistry.ofDefaults();
    meters.watch(rates);
    for (int i = 0; i < 50; i++) {
      rates.rateLimiter("r" + i);
    }
    meters.refresh();
    assertThat(names("resilience4j.ratelimiter.available.permissions")).hasSize(2);
  }

  @Test
  void retryDecisionsAreCountedOverAllPolicies() {
    RetryRegistry retries =
        RetryRegistry.of(
            RetryConfig.custom().maxAttempts(2).waitDuration(Duration.ofMillis(1)).build());
    meters.watch(retries);
    for (int i = 0; i < 3; i++) {
      var context = retries.retry("bat_" + i).<Integer>asyncContext();
      RuntimeException cut = new IllegalStateException("cut");
      assertThat(context.onError(cut)).isPositive();
      assertThat(context.onError(cut)).isNegative();
    }
    assertThat(registry.get("sluice.retry.decisions").tag("decision", "again").counter().count())
        .isEqualTo(3);
    assertThat(
            registry.get("sluice.retry.decisions").tag("decision", "exhausted").counter().count())
        .isEqualTo(3);
    assertThat(registry.get("sluice.retry.policies").gauge().value()).isEqualTo(3);
  }

  private Set<String> names(String meter) {
    return registry.find(meter).meters().stream()
        .map(Meter::getId)
        .map(id -> id.getTag("name"))
        .collect(Collectors.toSet());
  }
}
