package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Rate;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardEncoder;
import dev.sluice.store.ShardQueue.BatchTerms;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.Lease;
import java.time.Duration;
import java.util.List;
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
        new BatchTerms(new BatchRef(1, "bat_1"), "default", BatchOptions.DEFAULT, 0),
        new Random(1),
        ProcessClock.system(),
        tenant,
        BatchShares.of(Shares.whole(), 1));
  }

  private static LaneItem item(BatchGate gate) {
    ShardEncoder encoder = new ShardEncoder(0);
    encoder.add(
        new Item(
            0,
            null,
            new OutboundRequest("POST", "/", List.of(), BodyKind.NONE, new byte[0]),
            null,
            null,
            null));
    ClaimedShard claimed =
        new ClaimedShard(
            new Lease(1, 1, 1, 1),
            gate.terms(),
            new Destination("http", "target", 80),
            0,
            1,
            0,
            ShardDecoder.open(encoder.finish()),
            null);
    FlowQueue flow = new FlowQueue(gate, ProcessClock.system(), 0, _ -> {}, null);
    LaneItem item = new ActiveShard(claimed, flow, null).nextFresh();
    assertThat(item).isNotNull();
    return item;
  }

  private static void change(BatchGate gate, Rate rate) {
    BatchTerms before = gate.terms();
    gate.follow(
        new BatchTerms(
            before.batch(),
            before.tenant(),
            before.options().change().rate(rate).build(),
            gate.revision() + 1));
  }

  private static int freeNow(RateGate rates, BatchGate gate) {
    int free = 0;
    while (rates.reserve(item(gate), System.nanoTime()) == 0) {
      free++;
    }
    return free;
  }

  @Test
  void anAttemptWithoutAnyRateGoesAtOnce() {
    RateGate rates = new RateGate("one", wakeUps, null, null);
    assertThat(rates.reserve(item(gate(null)), 0)).isZero();
    assertThat(rates.isShut()).isFalse();
  }

  @Test
  void theGlobalRateHoldsOverAllDestinations() {
    RatePacer global = pacer("global");
    RateGate one = new RateGate("one", wakeUps, global, null);
    RateGate two = new RateGate("two", wakeUps, global, null);
    assertThat(freeNow(one, gate(null)) + freeNow(two, gate(null))).isEqualTo(2);
    assertThat(two.isShut()).isTrue();
  }

  @Test
  void theRateOfATenantHoldsOverItsBatchesAndLeavesOthersAlone() {
    RatePacer tenant = pacer("a");
    RateGate one = new RateGate("one", wakeUps, null, null);
    RateGate two = new RateGate("two", wakeUps, null, null);
    assertThat(freeNow(one, gate(tenant)) + freeNow(two, gate(tenant))).isEqualTo(2);
    assertThat(freeNow(one, gate(pacer("b")))).isEqualTo(2);
  }

  @Test
  void theNarrowestRateDecides() {
    RateGate rates = new RateGate("one", wakeUps, pacer("global"), null);
    rates.follow(HOURLY, System.nanoTime());
    assertThat(freeNow(rates, gate(pacer("a")))).isEqualTo(1);
  }

  @Test
  void whatOneRateRefusesTheOthersKeep() {
    RatePacer tenant = pacer("a");
    RateGate narrow = new RateGate("narrow", wakeUps, null, null);
    narrow.follow(HOURLY, System.nanoTime());
    BatchGate gate = gate(tenant);
    while (narrow.reserve(item(gate), System.nanoTime()) >= 0) {
      // Until the destination's own rate has nothing left to reserve.
    }
    long kept = narrow.reserve(item(gate), System.nanoTime());
    assertThat(kept).isEqualTo(-1);
    RateGate wide = new RateGate("wide", wakeUps, null, null);
    long wait = wide.reserve(item(gate), System.nanoTime());
    assertThat(wait).isGreaterThanOrEqualTo(0);
  }

  @Test
  void aNewRateHoldsFromTheNextAttemptOn() {
    RateGate rates = new RateGate("one", wakeUps, null, null);
    rates.follow(HOURLY, System.nanoTime());
    assertThat(freeNow(rates, gate(null))).isEqualTo(1);
    rates.follow(new Rate(5, Duration.ofHours(1), 5), System.nanoTime());
    assertThat(freeNow(rates, gate(null))).isEqualTo(5);
    rates.follow(null, System.nanoTime());
    assertThat(rates.reserve(item(gate(null)), 0)).isZero();
  }

  @Test
  void anItemReservedJustBeforeItsBatchChangedGoesByTheNewRate() {
    RateGate rates = new RateGate("one", wakeUps, null, null);
    BatchGate gate = gate(null);
    change(gate, HOURLY);
    long now = System.nanoTime();
    assertThat(rates.reserve(item(gate), now)).isZero();
    LaneItem item = item(gate);
    long wait = rates.reserve(item, now);
    assertThat(wait).isPositive();
    change(gate, null);
    rates.keep(item, now + wait);
    assertThat(rates.keptCount()).isZero();
    assertThat(item.shard().flow().hasReady(now)).isTrue();
  }

  @Test
  void whatAChangedBatchHadReservedOfOtherRatesIsGivenBack() {
    RateGate rates = new RateGate("one", wakeUps, null, null);
    long now = System.nanoTime();
    rates.follow(HOURLY, now);
    BatchGate gate = gate(null);
    change(gate, HOURLY);
    assertThat(rates.reserve(item(gate), now)).isZero();
    LaneItem item = item(gate);
    long wait = rates.reserve(item, now);
    rates.keep(item, now + wait);
    change(gate, null);
    rates.returnStale(now);
    assertThat(rates.keptCount()).isZero();
    // The destination's turn in an hour is free again, not the one after.
    assertThat(rates.reserve(item(gate), now)).isBetween(1L, HOURLY.per().toNanos());
  }

  @Test
  void aChangeOfOneBatchLeavesTheTurnsOfOthers() {
    RateGate rates = new RateGate("one", wakeUps, null, null);
    long now = System.nanoTime();
    BatchGate gate = gate(null);
    change(gate, HOURLY);
    assertThat(rates.reserve(item(gate), now)).isZero();
    LaneItem item = item(gate);
    rates.keep(item, now + rates.reserve(item, now));
    rates.returnStale(now);
    assertThat(rates.keptCount()).isEqualTo(1);
  }

  @Test
  void whoWaitsForAPeriodTakesNoTurnsAtASmootherRate() {
    RateGate rates = new RateGate("one", wakeUps, null, null);
    long now = System.nanoTime();
    rates.follow(new Rate(1, Duration.ofMinutes(1), 1), now);
    BatchGate gate = gate(pacer("a"));
    BatchGate unlimited = gate(null);
    assertThat(rates.reserve(item(gate), now)).isZero();
    assertThat(rates.reserve(item(gate), now)).isPositive();
    for (int i = 0; i < 100; i++) {
      assertThat(rates.reserve(item(gate), now)).isEqualTo(-1);
    }
    // The destination's turns were all left to others: the next is its second minute.
    assertThat(rates.reserve(item(unlimited), now)).isBetween(1L, 120_000_000_000L);
  }

  @Test
  void whatIsDroppedLeavesItsTurnToOthers() {
    RateGate rates = new RateGate("one", wakeUps, null, null);
    long now = System.nanoTime();
    rates.follow(HOURLY, now);
    assertThat(rates.reserve(item(gate(null)), now)).isZero();
    LaneItem item = item(gate(null));
    rates.keep(item, now + rates.reserve(item, now));
    rates.drop(null, now);
    assertThat(rates.reserve(item(gate(null)), now)).isBetween(1L, HOURLY.per().toNanos());
  }
}
