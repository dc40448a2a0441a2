package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.model.Attempt;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.Rate;
import dev.sluice.model.Verdict;
import dev.sluice.store.ControlBoard.BatchControl;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.DestinationSettings.Concurrency;
import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.ShardQueue.History;
import dev.sluice.store.ShardQueue.Lease;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The gates of a lane, on simulated time with a scripted destination. */
class LaneTests {

  private static final Verdict OK = new Verdict.Succeeded(new Verdict.Reply(200, null));
  private static final Verdict BUSY = new Verdict.Retryable(new Verdict.Reply(500, null), null);
  private static final Verdict REFUSED = new Verdict.Refused(new Verdict.Reply(400, null), null);
  private static final Verdict LOST = new Verdict.MaybeSent(new Verdict.Failure("reset", "reset"));

  private static Verdict heldFor(int seconds) {
    return new Verdict.Retryable(new Verdict.Reply(429, null), Duration.ofSeconds(seconds));
  }

  @Test
  void sendsEveryItemOnceAndSettlesIt() {
    LaneBench bench = new LaneBench();
    bench.add(500);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(500).doesNotHaveDuplicates();
    assertThat(bench.states()).containsOnly(OutcomeState.SUCCEEDED);
    assertThat(bench.sentCount()).isEqualTo(500);
    assertThat(bench.lane().isEmpty()).isTrue();
    assertThat(bench.admitted()).isZero();
  }

  @Test
  void keepsNoMoreInFlightThanTheLimit() {
    LaneBench bench = new LaneBench("--concurrency=5", "--ceiling=100");
    bench.add(50);
    assertThat(bench.inFlight()).isEqualTo(5);
    bench.answerAll(OK);
    assertThat(bench.maxInFlight()).isEqualTo(5);
    assertThat(bench.sentCount()).isEqualTo(50);
  }

  @Test
  void theFlatMapHoldsTheCeiling() {
    LaneBench bench = new LaneBench("--concurrency=8", "--ceiling=8");
    bench.add(400);
    assertThat(bench.inFlight()).isEqualTo(8);
    bench.answerAll(OK);
    assertThat(bench.maxInFlight()).isEqualTo(8);
  }

  @Test
  void followsALimitThatAnOperatorChanges() {
    LaneBench bench = new LaneBench("--concurrency=5", "--ceiling=100");
    bench.add(200);
    bench.settings(new DestinationSettings(null, Concurrency.fixed(20), null));
    assertThat(bench.inFlight()).isEqualTo(20);
    bench.settings(new DestinationSettings(null, Concurrency.fixed(2), null));
    bench.answer(18, OK);
    assertThat(bench.inFlight()).isEqualTo(2);
    bench.answer(1, OK);
    assertThat(bench.inFlight()).isEqualTo(2);
  }

  @Test
  void staysWithinThePlacesOfTheProcess() {
    LaneBench bench = new LaneBench("--concurrency=50", "--global=7");
    bench.add(100);
    assertThat(bench.inFlight()).isEqualTo(7);
    bench.answerAll(OK);
    assertThat(bench.maxInFlight()).isEqualTo(7);
    assertThat(bench.outcomes()).hasSize(100);
  }

  @Test
  void sendsNothingWhileOutcomesHaveNoRoom() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.outcomesHaveRoom(false);
    bench.add(10);
    assertThat(bench.inFlight()).isZero();
    bench.outcomesHaveRoom(true);
    assertThat(bench.inFlight()).isEqualTo(5);
  }

  @Test
  void beginsNothingWhileItsLeasesAreNotSurelyHeld() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.add(20);
    bench.leasesAreHeld(false);
    bench.answer(5, OK);
    bench.add(10);
    bench.tick();
    assertThat(bench.inFlight()).isZero();
    assertThat(bench.outcomes()).as("what was on the wire").hasSize(5);
    bench.leasesAreHeld(true);
    bench.tick();
    assertThat(bench.inFlight()).isEqualTo(5);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(30);
  }

  @Test
  void aShardClaimedAnewIsKeptWhenAnExchangeOfItsLostLeaseEnds() {
    LaneBench bench = new LaneBench("--concurrency=1");
    long room = bench.memoryRoom();
    bench.add(3);
    bench.lane().lose(new Lease(1, 1, 1, 1));
    bench.nextToken();
    bench.addMore(bench.lane(), 3, 1);
    bench.answer(1, OK);
    assertThat(bench.lane().isEmpty()).isFalse();
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(4);
    assertThat(bench.lane().isEmpty()).isTrue();
    assertThat(bench.memoryRoom()).isEqualTo(room);
  }

  @Test
  void aRetryHoldsNoPlaceAndNeverGoesEarly() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(2);
    bench.answer(1, BUSY);
    assertThat(bench.lastSentIndex()).isEqualTo(1);
    bench.answer(1, OK);
    assertThat(bench.inFlight()).isZero();
    Attempt attempt = bench.attempts().getFirst();
    assertThat(attempt.dueAt()).isAfterOrEqualTo(attempt.startedAt());
    bench.advanceTo(attempt.dueAt().minusMillis(1));
    assertThat(bench.inFlight()).isZero();
    bench.advanceTo(attempt.dueAt().plusMillis(1));
    assertThat(bench.lastSentIndex()).isZero();
    assertThat(bench.lastAttemptNumber()).isEqualTo(2);
    bench.answer(1, OK);
    assertThat(bench.outcomes()).hasSize(2);
    assertThat(bench.outcome(0).attemptCount()).isEqualTo(2);
  }

  @Test
  void givesUpAfterTheLastCountedAttempt() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(1, bench.options(3));
    for (int i = 0; i < 3; i++) {
      bench.answer(1, BUSY);
      bench.advance(Duration.ofMinutes(1));
    }
    assertThat(bench.outcome(0).state()).isEqualTo(OutcomeState.FAILED);
    assertThat(bench.outcome(0).attemptCount()).isEqualTo(3);
    assertThat(bench.sentCount()).isEqualTo(3);
  }

  @Test
  void anItemThatMayHaveArrivedAndNeverSucceededIsInDoubt() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(1, bench.options(2));
    bench.answer(1, LOST);
    bench.advance(Duration.ofMinutes(1));
    bench.answer(1, BUSY);
    assertThat(bench.outcome(0).state()).isEqualTo(OutcomeState.IN_DOUBT);
  }

  @Test
  void aFinalRefusalThatAsksForPatienceHoldsTheDestinationToo() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(2);
    bench.answer(1, new Verdict.Refused(new Verdict.Reply(503, null), Duration.ofSeconds(10)));
    assertThat(bench.outcome(0).state()).isEqualTo(OutcomeState.FAILED);
    assertThat(bench.inFlight()).isZero();
    bench.advance(Duration.ofSeconds(9));
    assertThat(bench.inFlight()).isZero();
    bench.advance(Duration.ofSeconds(2));
    assertThat(bench.inFlight()).isEqualTo(1);
    bench.answer(1, OK);
  }

  @Test
  void aDefiniteRefusalIsFinal() {
    LaneBench bench = new LaneBench();
    bench.add(1);
    bench.answer(1, REFUSED);
    assertThat(bench.outcome(0).state()).isEqualTo(OutcomeState.FAILED);
    assertThat(bench.outcome(0).statusCode()).isEqualTo(400);
  }

  @Test
  void whatPolicyDeniesEndsRejectedAtOnceAndIsNoFaultOfTheDestination() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.add(101);
    Verdict denied = new Verdict.Denied(new Verdict.Failure("guard", "Not there"));
    bench.answer(100, denied);
    for (int item = 0; item < 100; item++) {
      assertThat(bench.outcome(item).state()).isEqualTo(OutcomeState.REJECTED);
      assertThat(bench.outcome(item).error().code()).isEqualTo("guard");
    }
    assertThat(bench.attempts()).isEmpty();
    assertThat(bench.lane().snapshot().breaker()).isEqualTo("closed");
    bench.answer(1, OK);
    assertThat(bench.outcome(100).state()).isEqualTo(OutcomeState.SUCCEEDED);
  }

  @Test
  void whatPolicyDeniesAfterATryThatMayHaveArrivedStaysInDoubt() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(1);
    bench.answer(1, new Verdict.MaybeSent(new Verdict.Failure("reset", "cut")));
    bench.advance(Duration.ofMinutes(1));
    bench.answer(1, new Verdict.Denied(new Verdict.Failure("guard", "Not there")));
    assertThat(bench.outcome(0).state()).isEqualTo(OutcomeState.IN_DOUBT);
  }

  @Test
  void anInterruptedAttemptCostsNothing() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(1);
    bench.answer(1, new Verdict.Interrupted());
    assertThat(bench.attempts()).isEmpty();
    assertThat(bench.lastAttemptNumber()).isEqualTo(1);
    bench.answer(1, OK);
    assertThat(bench.outcome(0).attemptCount()).isEqualTo(1);
  }

  @Test
  void retryAfterHoldsTheWholeDestinationAndA429IsNotCounted() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(5, bench.options(1 + 1));
    bench.answer(1, heldFor(10));
    assertThat(bench.inFlight()).isZero();
    bench.advance(Duration.ofSeconds(9));
    assertThat(bench.inFlight()).isZero();
    bench.advance(Duration.ofSeconds(2));
    assertThat(bench.inFlight()).isEqualTo(1);
    assertThat(bench.attempts().getFirst().counted()).isFalse();
  }

  @Test
  void anOpenBreakerSendsNothingSpendsNoAttemptAndProbesWithRealItems() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.add(200);
    bench.answer(20, BUSY);
    int sentUntilOpen = bench.sentCount();
    bench.answerAll(OK);
    assertThat(bench.lane().snapshot().breaker()).isEqualTo("open");
    assertThat(bench.sentCount()).isEqualTo(sentUntilOpen);
    bench.advance(Duration.ofSeconds(29));
    assertThat(bench.inFlight()).isZero();
    for (int probe = 1; probe <= 3; probe++) {
      bench.advance(Duration.ofMillis(probe == 1 ? 1500 : 1000));
      assertThat(bench.inFlight()).isEqualTo(1);
      bench.answer(1, OK);
    }
    assertThat(bench.lane().snapshot().breaker()).isEqualTo("closed");
    for (int i = 0; i < 20; i++) {
      bench.answerAll(OK);
      bench.advance(Duration.ofSeconds(5));
    }
    assertThat(bench.outcomes()).hasSize(200);
    assertThat(bench.states()).containsOnly(OutcomeState.SUCCEEDED);
  }

  @Test
  void probesOncePerSecondWhileTheDestinationDoesNotAnswer() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.add(200);
    bench.answer(20, BUSY);
    bench.answerAll(OK);
    bench.advance(Duration.ofMillis(30_500));
    assertThat(bench.inFlight()).isEqualTo(1);
    bench.advance(Duration.ofMillis(400));
    assertThat(bench.inFlight()).isEqualTo(1);
    bench.advance(Duration.ofMillis(500));
    assertThat(bench.inFlight()).isEqualTo(2);
    bench.advance(Duration.ofSeconds(10));
    assertThat(bench.inFlight()).isEqualTo(3);
  }

  @Test
  void aBatchThatFailsFastDoesNotWaitForAnOpenBreakerAndTheOtherDoes() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.add(50);
    bench.answer(20, BUSY);
    bench.answerAll(OK);
    int sent = bench.sentCount();
    int ended = bench.outcomes().size();
    bench.outcomesHaveRoom(false);
    bench.add(30, bench.failFast());
    assertThat(bench.outcomes()).hasSize(ended);
    bench.outcomesHaveRoom(true);

    assertThat(bench.sentCount()).isEqualTo(sent);
    List<Outcome> failed =
        bench.outcomes().stream().filter(o -> o.state() == OutcomeState.FAILED).toList();
    assertThat(failed).hasSize(30);
    assertThat(failed)
        .allSatisfy(
            outcome -> {
              assertThat(outcome.attemptCount()).isZero();
              assertThat(outcome.error()).isNotNull();
              assertThat(outcome.error().code()).isEqualTo("breaker_open");
            });
    assertThat(bench.outcomes()).hasSize(ended + 30);
    assertThat(bench.admitted()).isZero();
  }

  @Test
  void whatMayHaveBeenSentIsInDoubtWhenItFailsFast() {
    LaneBench bench = new LaneBench("--concurrency=25");
    bench.add(25, bench.failFast());
    bench.answer(25, LOST);
    assertThat(bench.lane().snapshot().breaker()).isEqualTo("open");
    bench.advance(Duration.ofSeconds(25));
    assertThat(bench.outcomes()).hasSize(25);
    assertThat(bench.states()).containsOnly(OutcomeState.IN_DOUBT);
    assertThat(bench.outcomes()).extracting(Outcome::attemptCount).containsOnly(1);
  }

  @Test
  void retriesTakeTheirShareWhileFirstTriesWaitAndAllOfItAfterwards() {
    LaneBench bench = new LaneBench("--concurrency=1", "--breaker.minimum-calls=100000");
    bench.add(400, bench.budget(0.2));
    for (int i = 0; i < 450; i++) {
      bench.answer(1, i % 2 == 0 ? BUSY : OK);
      bench.advance(Duration.ofMillis(5));
    }
    long retries = bench.sentAttempts().stream().filter(number -> number > 1).count();
    assertThat(retries).isBetween(85L, 90L);
    while (bench.inFlight() > 0) {
      bench.answer(1, OK);
      bench.advance(Duration.ofMillis(5));
    }
    assertThat(bench.outcomes()).hasSize(400);
  }

  @Test
  void retriesGoAtOnceWhenNothingElseWaits() {
    LaneBench bench = new LaneBench("--concurrency=10", "--breaker.minimum-calls=100000");
    bench.add(10, bench.budget(0));
    bench.answer(10, BUSY);
    bench.advance(Duration.ofMillis(5));
    assertThat(bench.inFlight()).isEqualTo(10);
  }

  @Test
  void retriesKeepToTheirShareWhileTheFeederIsLate() {
    LaneBench bench =
        new LaneBench("--concurrency=10", "--lane-backlog=10", "--breaker.minimum-calls=100000");
    bench.add(10, bench.budget(0));
    bench.answer(10, BUSY);
    bench.advance(Duration.ofMillis(400));
    assertThat(bench.inFlight()).isZero();
    bench.add(10, bench.budget(0));
    bench.answer(10, OK);
    assertThat(bench.sentAttempts().subList(10, 20)).containsOnly(1);
  }

  @Test
  void retriesDoNotWaitForAFeederThatHasNothing() {
    LaneBench bench =
        new LaneBench("--concurrency=10", "--lane-backlog=10", "--breaker.minimum-calls=100000");
    bench.add(10, bench.budget(0));
    bench.answer(10, BUSY);
    bench.advance(Duration.ofMillis(600));
    assertThat(bench.inFlight()).isEqualTo(10);
  }

  @Test
  void anotherBatchsFirstTriesGoBeforeRetries() {
    LaneBench bench = new LaneBench("--concurrency=1", "--breaker.minimum-calls=100000");
    bench.add(40, bench.budget(0));
    for (int i = 0; i < 40; i++) {
      bench.answer(1, BUSY);
    }
    bench.add(100, bench.budget(0));
    bench.advance(Duration.ofMillis(5));
    bench.answer(1, BUSY);
    assertThat(bench.lane().flowSnapshots(1))
        .extracting(FlowSnapshot::batchId, FlowSnapshot::waitingOn)
        .containsExactlyInAnyOrder(tuple(1L, "retry_budget"), tuple(2L, "concurrency"));
    int sent = bench.sentCount();
    bench.answer(99, OK);
    assertThat(bench.sentAttempts().subList(sent, sent + 98)).containsOnly(1);
  }

  @Test
  void aBatchAtItsOwnLimitLeavesTheLaneToOthers() {
    LaneBench bench = new LaneBench("--concurrency=10");
    bench.add(50, bench.concurrency(2));
    assertThat(bench.inFlight()).isEqualTo(2);
    bench.add(50, BatchOptions.DEFAULT);
    assertThat(bench.inFlight()).isEqualTo(10);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(100);
  }

  @Test
  void twoBatchesShareALane() {
    LaneBench bench = new LaneBench("--concurrency=10");
    bench.add(100);
    bench.add(100);
    bench.answer(50, OK);
    assertThat(bench.sentOf(1)).isBetween(25L, 40L);
    assertThat(bench.sentOf(2)).isBetween(20L, 35L);
  }

  @Test
  void aPausedBatchGivesItsShardBackOnceItsAttemptsEnded() {
    LaneBench bench = new LaneBench("--concurrency=2");
    bench.add(10);
    bench.follow(1, BatchState.PAUSED);
    assertThat(bench.givenBack()).isEmpty();
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(2);
    assertThat(bench.outcomes()).hasSize(2);
    assertThat(bench.givenBack()).hasSize(1);
    assertThat(bench.lane().isEmpty()).isTrue();
  }

  @Test
  void aLongRetryGoesBackToTheStoreUntilItIsDue() {
    LaneBench bench = new LaneBench("--concurrency=2");
    bench.add(2);
    bench.answer(1, OK);
    bench.answer(1, heldFor(600));
    assertThat(bench.givenBack()).hasSize(1);
    assertThat(bench.givenBack().getFirst().notBefore())
        .isEqualTo(bench.attempts().getFirst().dueAt());
    assertThat(bench.lane().isEmpty()).isTrue();
  }

  @Test
  void continuesWhereAnEarlierHolderStopped() {
    LaneBench bench = new LaneBench("--concurrency=10");
    BitSet settled = new BitSet();
    settled.set(0);
    settled.set(3);
    bench.add(
        5,
        bench.options(4),
        settled,
        Map.of(
            2L,
            new History(
                3,
                3,
                true,
                Duration.ofSeconds(9),
                Duration.ofSeconds(4),
                bench.instant().plusSeconds(5))));
    assertThat(bench.inFlight()).isEqualTo(2);
    bench.answerAll(OK);
    bench.advance(Duration.ofSeconds(6));
    assertThat(bench.lastSentIndex()).isEqualTo(2);
    assertThat(bench.lastAttemptNumber()).isEqualTo(4);
    bench.answer(1, BUSY);
    assertThat(bench.outcome(2).state()).isEqualTo(OutcomeState.IN_DOUBT);
    assertThat(bench.outcomes()).hasSize(3);
    assertThat(bench.lane().isEmpty()).isTrue();
  }

  @Test
  void anOverdueAttemptIsCut() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(1);
    bench.advance(Duration.ofSeconds(29));
    bench.tick();
    assertThat(bench.cutCount()).isZero();
    bench.advance(Duration.ofSeconds(2));
    bench.tick();
    assertThat(bench.cutCount()).isEqualTo(1);
  }

  @Test
  void nothingIsSentOnceTheDeadlineHasCome() {
    LaneBench bench = new LaneBench("--concurrency=2");
    bench.add(10, bench.deadline(bench.instant().plusSeconds(5)));
    bench.answer(1, BUSY);
    bench.advance(Duration.ofMillis(4_999));
    bench.answer(1, OK);
    int sent = bench.sentCount();
    bench.advance(Duration.ofMillis(1));
    bench.answerAll(OK);
    bench.advance(Duration.ofMinutes(1));
    assertThat(bench.sentCount()).isEqualTo(sent);
    assertThat(bench.inFlight()).isZero();
    assertThat(bench.admitted()).isZero();
  }

  @Test
  void onlyTheCanaryIsSentUntilTheStoreReleasesTheRest() {
    LaneBench bench = new LaneBench("--concurrency=8");
    bench.add(20, bench.canary(3));
    assertThat(bench.inFlight()).isEqualTo(3);
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(3);
    assertThat(bench.admitted()).as("what waits holds no place").isZero();
    assertThat(bench.lane().flowSnapshots(1))
        .singleElement()
        .satisfies(flow -> assertThat(flow.waitingOn()).isEqualTo("canary"))
        .satisfies(flow -> assertThat(flow.waitingCount()).isEqualTo(17));
    bench.follow(new BatchControl(1, true, true, 0));
    assertThat(bench.sentCount()).isEqualTo(3);
    bench.follow(new BatchControl(1, true, false, 0));
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(20).doesNotHaveDuplicates();
    assertThat(bench.lane().isEmpty()).isTrue();
  }

  @Test
  void aCanaryItemIsTriedAgainWhileTheRestWaits() {
    LaneBench bench = new LaneBench("--concurrency=8");
    bench.add(20, bench.canary(2));
    bench.answer(1, OK);
    bench.answer(1, BUSY);
    assertThat(bench.lane().flowSnapshots(1).getFirst().waitingOn()).isEqualTo("retry");
    bench.advance(Duration.ofMinutes(1));
    assertThat(bench.lastSentIndex()).isEqualTo(1);
    assertThat(bench.lastAttemptNumber()).isEqualTo(2);
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(3);
  }

  @Test
  void aShardOfWhichOnlyHeldItemsAndALongRetryAreLeftWaitsInTheStore() {
    LaneBench bench = new LaneBench("--concurrency=8");
    bench.add(20, bench.canary(2));
    bench.answer(1, OK);
    bench.answer(1, heldFor(600));
    assertThat(bench.givenBack()).hasSize(1);
    assertThat(bench.givenBack().getFirst().notBefore())
        .isEqualTo(bench.attempts().getFirst().dueAt());
    assertThat(bench.lane().isEmpty()).isTrue();
  }

  @Test
  void aClaimedShardWhoseCanaryIsDueMuchLaterGoesBackToTheStore() {
    LaneBench bench = new LaneBench("--concurrency=8");
    BitSet settled = new BitSet();
    settled.set(0);
    Instant due = bench.instant().plusSeconds(600);
    bench.add(
        20,
        bench.canary(2),
        settled,
        Map.of(1L, new History(1, 1, false, Duration.ofSeconds(9), Duration.ofSeconds(4), due)));
    assertThat(bench.sentCount()).isZero();
    assertThat(bench.givenBack()).hasSize(1);
    assertThat(bench.givenBack().getFirst().notBefore()).isEqualTo(due);
  }

  @Test
  void aHaltedBatchSendsNothingMoreAndAnOlderReadDoesNotReopenIt() {
    LaneBench bench = new LaneBench("--concurrency=2");
    bench.add(20);
    int before = bench.gate(1).halts();
    bench.gate(1).halt();
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(2);
    assertThat(bench.gate(1).follow(new BatchControl(1, true, false, 0), before)).isFalse();
    bench.lane().signal();
    assertThat(bench.sentCount()).isEqualTo(2);
    bench.follow(new BatchControl(1, true, false, 0));
    assertThat(bench.inFlight()).isEqualTo(2);
  }

  @Test
  void aPausedDestinationSendsNothing() {
    LaneBench bench = new LaneBench("--concurrency=2");
    bench.pauseDestination(true);
    bench.add(4);
    assertThat(bench.inFlight()).isZero();
    assertThat(bench.lane().wants(1 << 20)).isNull();
    bench.pauseDestination(false);
    assertThat(bench.inFlight()).isEqualTo(2);
  }

  @Test
  void aForcedOpenBreakerSendsNothingUntilItIsSetBack() {
    LaneBench bench = new LaneBench("--concurrency=2");
    bench.settings(new DestinationSettings(null, null, DestinationSettings.BreakerOverride.OPEN));
    bench.add(4);
    assertThat(bench.inFlight()).isZero();
    bench.settings(DestinationSettings.DEFAULT);
    assertThat(bench.inFlight()).isEqualTo(2);
  }

  @Test
  void aFullLaneTakesNothingMoreOfABatchThatFillsIt() {
    LaneBench bench = new LaneBench("--concurrency=1", "--lane-backlog=200");
    bench.add(150);
    bench.advance(Duration.ofSeconds(1));
    assertThat(bench.lane().wants(1 << 20).fullBatches()).containsExactly(1L);
    assertThat(bench.lane().wants(1 << 20)).as("asked a moment ago").isNull();
    bench.add(10);
    bench.answerAll(OK);
    assertThat(bench.lane().wants(1 << 20).fullBatches()).isEmpty();
  }

  @Test
  void aLaneHoldsNoMoreThanItsShareOfMemory() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(10);
    assertThat(bench.lane().wants(Long.MAX_VALUE).maxBytes()).isLessThan(bench.laneShare());
  }

  @Test
  void aRefusedRateIsLookedAtAgain() {
    LaneBench bench = new LaneBench("--concurrency=4");
    bench.add(20, bench.rate(1, Duration.ofDays(1)));
    bench.answerAll(OK);
    // Everything the rate allows is sent or reserved; the lane looks again by itself, not in a
    // spin.
    int wakes = bench.wakeCount();
    bench.advance(Duration.ofSeconds(10));
    assertThat(bench.wakeCount() - wakes).isBetween(5, 30);
  }

  @Test
  void aChangedConcurrencyHoldsInEveryLaneOfTheBatch() {
    LaneBench bench = new LaneBench("--concurrency=50");
    bench.add(40, bench.concurrency(2));
    bench.addMore(bench.anotherLane(), 40, 1);
    assertThat(bench.inFlight()).isEqualTo(2);
    bench.change(1, of -> of.concurrency(10));
    assertThat(bench.inFlight()).isEqualTo(10);
    bench.change(1, of -> of.concurrency(3));
    bench.answer(7, OK);
    assertThat(bench.inFlight()).isEqualTo(3);
    assertThat(bench.sentCount()).as("none while too many were out").isEqualTo(10);
    bench.answer(1, OK);
    assertThat(bench.inFlight()).isEqualTo(3);
    bench.change(1, of -> of.concurrency(null));
    assertThat(bench.sentCount()).isEqualTo(80);
    bench.answerAll(OK);
    assertThat(bench.admitted()).isZero();
  }

  @Test
  void aChangedRateFreesWhatWasReservedOfTheOldInEveryLane() {
    LaneBench bench = new LaneBench("--concurrency=50");
    bench.add(10, bench.rate(1, Duration.ofDays(1)));
    Lane other = bench.anotherLane();
    bench.addMore(other, 10, 1);
    bench.add(10, bench.rate(1, Duration.ofDays(1)));
    assertThat(bench.sentOf(1)).isEqualTo(1);
    bench.change(1, of -> of.rate(new Rate(5, Duration.ofDays(1), 5)));
    assertThat(bench.sentOf(1)).as("the rate is the batch's, not the lane's").isEqualTo(6);
    bench.change(1, of -> of.rate(new Rate(5, Duration.ofDays(1), 5)).concurrency(40));
    assertThat(bench.sentOf(1)).as("the same rate gives nothing new").isEqualTo(6);
    bench.change(1, of -> of.rate(null));
    assertThat(bench.sentOf(1)).isEqualTo(20);
    assertThat(bench.sentOf(2)).as("another batch keeps its rate").isEqualTo(1);
    bench.answerAll(OK);
    assertThat(bench.admitted()).isZero();
    assertThat(bench.lane().snapshot().backlogCount()).isEqualTo(9);
  }

  @Test
  void aBatchWhoseRateWasTakenAwayNoLongerWaitsForIt() {
    LaneBench bench = new LaneBench("--concurrency=2");
    bench.add(10, bench.rate(1, Duration.ofDays(1)));
    bench.answerAll(OK);
    assertThat(bench.lane().flowSnapshots(1).getFirst().waitingOn()).isEqualTo("rate");
    bench.change(1, of -> of.rate(null));
    assertThat(bench.inFlight()).isEqualTo(2);
    assertThat(bench.lane().flowSnapshots(1).getFirst().waitingOn()).isEqualTo("concurrency");
  }

  @Test
  void anOlderRevisionOfTheOptionsChangesNothing() {
    LaneBench bench = new LaneBench("--concurrency=50");
    bench.add(10, bench.concurrency(1));
    bench.change(1, of -> of.concurrency(4));
    bench.gate(1).follow(bench.gate(1).terms());
    bench.lane().signal();
    assertThat(bench.inFlight()).isEqualTo(4);
    bench.answer(1, OK);
    assertThat(bench.inFlight()).isEqualTo(4);
  }

  @Test
  void aDeadlineThatIsMovedHoldsAtItsNewTime() {
    LaneBench bench = new LaneBench("--concurrency=2");
    Instant start = bench.instant();
    bench.add(10, bench.deadline(start.plusSeconds(5)));
    bench.advance(Duration.ofSeconds(6));
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(2);
    bench.change(1, of -> of.deadline(start.plusSeconds(20)));
    assertThat(bench.sentCount()).isEqualTo(4);
    bench.change(1, of -> of.deadline(start.plusSeconds(7)));
    bench.advance(Duration.ofSeconds(1));
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(4);
    bench.change(1, of -> of.deadline(null));
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(10);
  }

  @Test
  void aDueRetryBehindAFullBatchDoesNotSpin() {
    LaneBench bench = new LaneBench("--concurrency=10");
    bench.add(3, bench.concurrency(1));
    bench.answer(1, BUSY);
    int wakes = bench.wakeCount();
    bench.advance(Duration.ofMinutes(1));
    assertThat(bench.inFlight()).isEqualTo(1);
    assertThat(bench.wakeCount() - wakes).isLessThan(5);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(3);
  }

  @Test
  void thousandsOfEmptyLanesWaitingForAPlaceAreWokenWithoutNesting() {
    LaneBench bench = new LaneBench("--concurrency=1", "--global=1");
    bench.add(2);
    List<Lane> others = bench.waitingLanes(20_000);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(2);
    assertThat(others).allMatch(Lane::beginWaiting);
  }

  @Test
  void aLaneThatCannotUseAPlacePassesItOn() {
    LaneBench bench = new LaneBench("--concurrency=5", "--global=1");
    bench.add(1);
    Lane paused = bench.lane(1);
    Lane waiting = bench.lane(1);
    assertThat(bench.sentCount()).isEqualTo(1);
    bench.pause(paused);

    bench.answer(1, heldFor(60));
    assertThat(bench.sentCount()).isEqualTo(2);
    bench.answer(1, OK);
    assertThat(waiting.isEmpty()).isTrue();
    assertThat(paused.isEmpty()).isFalse();
  }

  @Test
  void aBreakerThatWasOpenStaysOpenInANewLane() {
    LaneBench bench = new LaneBench("--concurrency=5");
    Lane parked = bench.parkedLane(Duration.ofSeconds(20));
    bench.add(parked, 10, bench.failFast(), null, Map.of());
    assertThat(bench.sentCount()).isZero();
    assertThat(bench.outcomes())
        .hasSize(10)
        .allSatisfy(outcome -> assertThat(outcome.error().code()).isEqualTo("breaker_open"));

    bench.add(parked, 10, BatchOptions.DEFAULT, null, Map.of());
    bench.advance(Duration.ofMillis(19_900));
    assertThat(bench.sentCount()).isZero();
    bench.advance(Duration.ofMillis(200));
    assertThat(bench.inFlight()).isEqualTo(1);
  }

  @Test
  void anOutcomeThatCannotBeTakenCostsNoPlace() {
    LaneBench bench = new LaneBench("--concurrency=2", "--global=2");
    bench.add(50);
    bench.nextOutcomeFails();
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(49);
    assertThat(bench.admitted()).isZero();
  }

  @Test
  void aPlaceOfABatchThatTheLaneWokenForItCannotUseGoesToTheNext() {
    LaneBench bench = new LaneBench();
    bench.add(1, bench.concurrency(1));
    Lane second = bench.anotherLane();
    bench.addMore(second, 1, 1);
    Lane third = bench.anotherLane();
    bench.addMore(third, 1, 1);
    assertThat(bench.inFlight()).isEqualTo(1);

    bench.outcomesHaveRoom(false);
    bench.answer(1, OK);
    assertThat(bench.inFlight()).as("no room for outcomes").isZero();
    bench.pause(second);
    bench.outcomesHaveRoom(true);
    assertThat(bench.inFlight()).as("of the third").isEqualTo(1);
    bench.answer(1, OK);
    assertThat(third.isEmpty()).isTrue();
  }
}
