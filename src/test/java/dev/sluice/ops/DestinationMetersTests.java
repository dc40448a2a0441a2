package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.Destination;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DestinationMetersTests {

  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final SettableClock clock = new SettableClock();

  @Test
  void seatsTheFirstAndCountsTheRestAsOther() {
    DestinationMeters meters = new DestinationMeters(registry, clock, 2);
    for (int i = 0; i < 5; i++) {
      meters.attemptEnded(host(i), VerdictKind.SUCCEEDED);
    }
    assertThat(count("http:h0:80")).isEqualTo(1);
    assertThat(count("http:h1:80")).isEqualTo(1);
    assertThat(count("other")).isEqualTo(3);
    assertThat(
            registry.find("sluice.destination.attempts").tag("destination", "http:h2:80").meters())
        .isEmpty();
  }

  @Test
  void anIdleDestinationLosesItsSeatAndItsMeters() {
    DestinationMeters meters = new DestinationMeters(registry, clock, 1);
    meters.attemptEnded(host(0), VerdictKind.SUCCEEDED);
    meters.freeIdleSeats();
    clock.advance(Duration.ofMinutes(9));
    meters.freeIdleSeats();
    assertThat(count("http:h0:80")).isEqualTo(1);

    clock.advance(Duration.ofMinutes(1));
    meters.freeIdleSeats();
    assertThat(
            registry.find("sluice.destination.attempts").tag("destination", "http:h0:80").meters())
        .isEmpty();

    meters.attemptEnded(host(1), VerdictKind.REFUSED);
    assertThat(count("http:h1:80")).isEqualTo(1);
  }

  @Test
  void aBusyDestinationKeepsItsSeat() {
    DestinationMeters meters = new DestinationMeters(registry, clock, 1);
    for (int i = 0; i < 10; i++) {
      meters.attemptEnded(host(0), VerdictKind.SUCCEEDED);
      clock.advance(Duration.ofMinutes(9));
      meters.freeIdleSeats();
    }
    assertThat(count("http:h0:80")).isEqualTo(10);
  }

  @Test
  void noSeatsMeansOnlyOther() {
    DestinationMeters meters = new DestinationMeters(registry, clock, 0);
    meters.attemptEnded(host(0), VerdictKind.SUCCEEDED);
    meters.freeIdleSeats();
    meters.attemptEnded(host(0), VerdictKind.SUCCEEDED);
    assertThat(count("other")).isEqualTo(2);
  }

  @Test
  void threadsThatRaceForSeatsLoseNoAttempt() throws Exception {
    DestinationMeters meters = new DestinationMeters(registry, clock, 5);
    CountDownLatch go = new CountDownLatch(1);
    List<Thread> threads =
        IntStream.range(0, 8)
            .mapToObj(
                t ->
                    Thread.ofPlatform()
                        .start(
                            () -> {
                              try {
                                go.await();
                              } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                              }
                              for (int i = 0; i < 10_000; i++) {
                                meters.attemptEnded(host(i % 50), VerdictKind.SUCCEEDED);
                              }
                            }))
            .toList();
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(
            registry.get("sluice.destination.attempts").counters().stream()
                .mapToDouble(Counter::count)
                .sum())
        .isEqualTo(80_000);
    assertThat(registry.get("sluice.destination.attempts").meters())
        .hasSize(6 * VerdictKind.values().length);
  }

  private double count(String destination) {
    return registry
        .get("sluice.destination.attempts")
        .tag("destination", destination)
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private static Destination host(int i) {
    return new Destination("http", "h" + i, 80);
  }
}
