package dev.sluice.ops;

import dev.sluice.model.Destination;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.DispatchTracer;
import dev.sluice.model.HaltRule;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.Verdict;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Counts what happened. Every meter exists from the start, so an event is an array look-up and an
 * add, and a rate that was never moved reads 0 instead of being absent.
 *
 * <p>Two equations hold over any span in which nothing restarts: items accepted = Σ items settled +
 * growth of the unsettled; attempts started = Σ attempts ended + growth of those in flight. Pairs
 * of counters stand where a gauge would be too fast to be scraped.
 */
final class MeterObserver implements DispatchObserver {

  /** Bounds of attempt times: from a reply in the same rack to the deadline of an attempt. */
  private static final Duration[] ATTEMPT_BOUNDS = {
    Duration.ofMillis(5), Duration.ofMillis(10), Duration.ofMillis(25), Duration.ofMillis(50),
    Duration.ofMillis(100), Duration.ofMillis(250), Duration.ofMillis(500), Duration.ofSeconds(1),
    Duration.ofMillis(2_500), Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30)
  };

  /** Bounds of group commits: from a cached write to a disk that is in trouble. */
  private static final Duration[] SETTLE_BOUNDS = {
    Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofMillis(10), Duration.ofMillis(25),
    Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(500), Duration.ofSeconds(2)
  };

  /** Bounds of event loops: from one that idles to one that starves. */
  private static final Duration[] LAG_BOUNDS = {
    Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofMillis(10), Duration.ofMillis(25),
    Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(500), Duration.ofSeconds(1)
  };

  /** Claims have buckets so fine that a percentile of them tells a claim that grows slower. */
  private static final Duration SHORTEST_CLAIM = Duration.ofMillis(1);

  private static final Duration LONGEST_CLAIM = Duration.ofSeconds(10);

  private final Counter batchesAccepted;
  private final Counter itemsAccepted;
  private final MetersByTag<OutcomeState, Counter> itemsSettled;
  private final Counter shardsClaimed;
  private final Counter itemsClaimed;
  private final Timer claimed;
  private final Timer claimFailed;
  private final Counter shardsGivenBack;
  private final Counter attemptsStarted;
  private final MetersByTag<VerdictKind, Counter> attemptsEnded;
  private final MetersByTag<VerdictKind, Timer> attemptDuration;
  private final Counter retries;
  private final Timer settled;
  private final Timer settleFailed;
  private final Timer sharesRenewed;
  private final Timer sharesNotRenewed;
  private final Timer loopLag;
  private final Counter outcomesDropped;
  private final Counter replicaRetired;
  private final Counter drainCut;
  private final MetersByTag<HaltRule, Counter> batchesHalted;
  private final DestinationMeters destinations;
  private final DispatchTracer tracer;

  MeterObserver(MeterRegistry registry, DestinationMeters destinations, DispatchTracer tracer) {
    this.destinations = destinations;
    this.tracer = tracer;
    batchesAccepted = counter(registry, "sluice.batches.accepted", "Batches sealed");
    itemsAccepted = counter(registry, "sluice.items.accepted", "Items of sealed batches");
    itemsSettled =
        new MetersByTag<>(
            OutcomeState.class,
            state ->
                Counter.builder("sluice.items.settled")
                    .description("Items whose outcome was committed")
                    .tag("state", state.name().toLowerCase(Locale.ROOT))
                    .register(registry));
    shardsClaimed = counter(registry, "sluice.shards.claimed", "Shards taken from the store");
    itemsClaimed = counter(registry, "sluice.items.claimed", "Unsettled items of claimed shards");
    claimed = claimTimer(registry, true);
    claimFailed = claimTimer(registry, false);
    shardsGivenBack =
        counter(registry, "sluice.shards.given.back", "Shards returned to the store unfinished");
    attemptsStarted = counter(registry, "sluice.attempts.started", "Attempts that took a permit");
    attemptsEnded =
        new MetersByTag<>(
            VerdictKind.class,
            kind ->
                Counter.builder("sluice.attempts.ended")
                    .description("Attempts that got their verdict")
                    .tag("verdict", kind.tag())
                    .register(registry));
    attemptDuration =
        new MetersByTag<>(
            VerdictKind.class,
            kind ->
                Timer.builder("sluice.attempt.duration")
                    .description("From permit to verdict")
                    .tag("verdict", kind.tag())
                    .serviceLevelObjectives(ATTEMPT_BOUNDS)
                    .register(registry));
    retries = counter(registry, "sluice.retries", "Further tries decided");
    settled = settleTimer(registry, true);
    settleFailed = settleTimer(registry, false);
    sharesRenewed = shareTimer(registry, true);
    sharesNotRenewed = shareTimer(registry, false);
    loopLag =
        Timer.builder("sluice.loop.lag")
            .description("How late the event loops that send come to new work")
            .serviceLevelObjectives(LAG_BOUNDS)
            .register(registry);
    outcomesDropped =
        counter(registry, "sluice.outcomes.dropped", "Outcomes dropped because a lease moved on");
    batchesHalted =
        new MetersByTag<>(
            HaltRule.class,
            rule ->
                Counter.builder("sluice.batches.halted")
                    .description("Batches that stopped by themselves")
                    .tag("rule", rule.name().toLowerCase(Locale.ROOT))
                    .register(registry));
    replicaRetired =
        counter(registry, "sluice.replica.retired", "Times that peers took this process for dead");
    drainCut = counter(registry, "sluice.drain.cut", "Exchanges that the drain had to cut");
  }

  private static Counter counter(MeterRegistry registry, String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }

  private static Timer claimTimer(MeterRegistry registry, boolean answered) {
    return Timer.builder("sluice.claim.duration")
        .description("Claims of shards, with the reading of their payloads")
        .tag("answered", Boolean.toString(answered))
        .publishPercentileHistogram()
        .minimumExpectedValue(SHORTEST_CLAIM)
        .maximumExpectedValue(LONGEST_CLAIM)
        .register(registry);
  }

  private static Timer settleTimer(MeterRegistry registry, boolean committed) {
    return Timer.builder("sluice.settle.duration")
        .description("Group commits of outcomes")
        .tag("committed", Boolean.toString(committed))
        .serviceLevelObjectives(SETTLE_BOUNDS)
        .register(registry);
  }

  private static Timer shareTimer(MeterRegistry registry, boolean renewed) {
    return Timer.builder("sluice.shares.renewal.duration")
        .description("Renewals of this replica's shares of limits")
        .tag("renewed", Boolean.toString(renewed))
        .serviceLevelObjectives(SETTLE_BOUNDS)
        .register(registry);
  }

  @Override
  public DispatchTracer tracer() {
    return tracer;
  }

  @Override
  public void batchAccepted(long itemCount) {
    batchesAccepted.increment();
    itemsAccepted.increment((double) itemCount);
  }

  @Override
  public void shardsClaimed(int shardCount, int itemCount) {
    shardsClaimed.increment(shardCount);
    itemsClaimed.increment(itemCount);
  }

  @Override
  public void claimEnded(long nanos, boolean answered) {
    (answered ? claimed : claimFailed).record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void shardsGivenBack(int shardCount) {
    shardsGivenBack.increment(shardCount);
  }

  @Override
  public void attemptStarted(Destination destination) {
    attemptsStarted.increment();
  }

  @Override
  public void attemptEnded(Destination destination, Verdict verdict, long nanos) {
    VerdictKind kind = VerdictKind.of(verdict);
    attemptsEnded.of(kind).increment();
    attemptDuration.of(kind).record(nanos, TimeUnit.NANOSECONDS);
    destinations.attemptEnded(destination, kind);
  }

  @Override
  public void retryDecided(Destination destination) {
    retries.increment();
  }

  @Override
  public void outcomesCommitted(OutcomeState state, int count) {
    itemsSettled.of(state).increment(count);
  }

  @Override
  public void settleEnded(int outcomeCount, long nanos, boolean committed) {
    (committed ? settled : settleFailed).record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void leaseLost(int outcomeCount) {
    outcomesDropped.increment(outcomeCount);
  }

  @Override
  public void replicaRetired() {
    replicaRetired.increment();
  }

  @Override
  public void sharesRenewed(long nanos, boolean renewed) {
    (renewed ? sharesRenewed : sharesNotRenewed).record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void loopsSampled(long nanos) {
    loopLag.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void batchHalted(HaltRule rule) {
    batchesHalted.of(rule).increment();
  }

  @Override
  public void drainCut(int exchangeCount) {
    drainCut.increment(exchangeCount);
  }
}
