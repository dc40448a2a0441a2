package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Rate;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Every rate of a stack holds. Periods are an hour long, so that what is counted does not depend on
 * how fast the test runs: one attempt may go now, one is reserved for the next period.
 */
class RateGateTests {

  private static final Rate HOURLY = new Rate(1, Duration.ofHours(1), 1);
  private static final DispatchProperties.DefaultRate TWO_PER_HOUR =
      new DispatchProperties.DefaultRate(2, Duration.ofHours(1), 2);

  private final WakeUps wakeUps = new WakeUps((_, _) -> {}, () -> {});

  private static RatePacer pacer(String name) {
    RatePacer pacer = RatePacer.of(name, TWO_PER_HOUR);
    assertThat(pacer).isNotNull();
    return pacer;
  }

  private static BatchGate gate(RatePacer tenant) {
    return new BatchGate(
        new BatchTerms(new BatchRef(1, "bat_1"), "default", BatchOptions.DEFAULT),
        new Random(1),
        ProcessClock.system(),
        tenant);
  }

  private static int freeNow(RateGate rates, BatchGate gate) {
    int free = 0;
    while (rates.reserve(gate, System.nanoTime()) == 0) {
      free++;
    }
    return free;
  }

  @Test
  void anAttemptWithoutAnyRateGoesAtOnce() {
    RateGate rates = new RateGate("one", wakeUps, null);
    assertThat(rates.reserve(gate(null), 0)).isZero();
    assertThat(rates.isShut()).isFalse();
  }

  @Test
  void theGlobalRateHoldsOverAllDestinations() {
    RatePacer global = pacer("global");
    RateGate one = new RateGate("one", wakeUps, global);
    RateGate two = new RateGate("two", wakeUps, global);
    assertThat(freeNow(one, gate(null)) + freeNow(two, gate(null))).isEqualTo(2);
    assertThat(two.isShut()).isTrue();
  }

  @Test
  void theRateOfATenantHoldsOverItsBatchesAndLeavesOthersAlone() {
    RatePacer tenant = pacer("a");
    RateGate one = new RateGate("one", wakeUps, null);
    RateGate two = new RateGate("two", wakeUps, null);
    assertThat(freeNow(one, gate(tenant)) + freeNow(two, gate(tenant))).isEqualTo(2);
    assertThat(freeNow(one, gate(pacer("b")))).isEqualTo(2);
  }

  @Test
  void theNarrowestRateDecides() {
    RateGate rates = new RateGate("one", wakeUps, pacer("global"));
    rates.follow(HOURLY);
    assertThat(freeNow(rates, gate(pacer("a")))).isEqualTo(1);
  }

  @Test
  void whatOneRateRefusesTheOthersKeep() {
    RatePacer tenant = pacer("a");
    RateGate narrow = new RateGate("narrow", wakeUps, null);
    narrow.follow(HOURLY);
    BatchGate gate = gate(tenant);
    while (narrow.reserve(gate, System.nanoTime()) >= 0) {
      // Until the destination's own rate has nothing left to reserve.
    }
    long kept = narrow.reserve(gate, System.nanoTime());
    assertThat(kept).isEqualTo(-1);
    RateGate wide = new RateGate("wide", wakeUps, null);
    long wait = wide.reserve(gate, System.nanoTime());
    assertThat(wait).isGreaterThanOrEqualTo(0);
  }

  @Test
  void aNewRateHoldsFromTheNextAttemptOn() {
    RateGate rates = new RateGate("one", wakeUps, null);
    rates.follow(HOURLY);
    assertThat(freeNow(rates, gate(null))).isEqualTo(1);
    rates.follow(new Rate(5, Duration.ofHours(1), 5));
    assertThat(freeNow(rates, gate(null))).isEqualTo(5);
    rates.follow(null);
    assertThat(rates.reserve(gate(null), 0)).isZero();
  }
}
