package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.Verdict;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.History;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What must be on disk before an item begins, on simulated time. */
class LaneIntentsTests {

  private static final Verdict OK = new Verdict.Succeeded(new Verdict.Reply(200, null));
  private static final Verdict BUSY = new Verdict.Retryable(new Verdict.Reply(500, null), null);
  private static final Verdict NOT_SENT =
      new Verdict.NotSent(new Verdict.Failure("connect", "refused"));
  private static final Verdict INTERRUPTED = new Verdict.Interrupted();
  private static final Lease FIRST = new Lease(1, 1, 1, 1);

  private static boolean covers(List<Intent> intents, int number, long index) {
    return intents.stream()
        .anyMatch(
            intent ->
                intent.number() == number
                    && intent.firstIndex() <= index
                    && index <= intent.lastIndex());
  }

  @Test
  void nothingBeginsBeforeItsIntentIsOnDisk() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.holdIntents(true);
    bench.add(100, bench.atMostOnce());
    assertThat(bench.sentCount()).isZero();
    assertThat(bench.intended()).isNotEmpty();
    bench.advance(Duration.ofSeconds(10));
    assertThat(bench.sentCount()).isZero();
    assertThat(bench.admitted()).as("places held meanwhile").isZero();

    bench.commitIntents();
    assertThat(bench.inFlight()).isEqualTo(5);
    while (bench.inFlight() > 0) {
      bench.answer(1, OK);
      bench.commitIntents();
    }
    assertThat(bench.sentCount()).isEqualTo(100);
    assertThat(bench.states()).containsOnly(OutcomeState.SUCCEEDED);
  }

  @Test
  void nothingGoesBeyondTheWindowsOnDisk() {
    LaneBench bench = new LaneBench("--concurrency=50");
    bench.holdIntents(true);
    bench.add(500, bench.atMostOnce());
    int windows = 0;
    while (bench.sentCount() < 500) {
      bench.commitIntents();
      int allowed =
          bench.intended().stream().mapToInt(i -> (int) i.lastIndex() + 1).max().orElse(0);
      bench.answerAll(OK);
      windows++;
      assertThat(bench.sentCount()).isLessThanOrEqualTo(allowed);
    }
    assertThat(bench.intended()).extracting(Intent::number).containsOnly(1);
    assertThat(windows).as("commits for 500 items").isLessThan(40);
  }

  @Test
  void theNextWindowIsAskedForWhileHalfOfTheLastIsLeft() {
    LaneBench bench = new LaneBench("--concurrency=1", "--intent-window=10");
    bench.holdIntents(true);
    bench.add(100, bench.atMostOnce());
    assertThat(bench.intended()).containsExactly(new Intent(FIRST, 1, 0, 9));
    bench.commitIntents();
    bench.answer(3, OK);
    assertThat(bench.intended()).hasSize(1);
    bench.answer(3, OK);
    assertThat(bench.intended()).hasSize(2);
    assertThat(bench.intended().getLast().firstIndex()).isEqualTo(10);
    assertThat(bench.inFlight()).as("goes on meanwhile").isEqualTo(1);
  }

  @Test
  void aWindowStaysWithinItsBoundAndShrinksWhenItLastsLong() {
    LaneBench bench = new LaneBench("--concurrency=4", "--intent-window=32");
    bench.add(500, bench.atMostOnce());
    bench.answer(300, OK);
    assertThat(bench.intended())
        .allSatisfy(i -> assertThat(i.lastIndex() - i.firstIndex()).isLessThan(32));
    int before = bench.intended().size();
    for (int i = 0; i < 100; i++) {
      bench.advance(Duration.ofSeconds(1));
      bench.answer(1, OK);
    }
    List<Intent> slow = bench.intended().subList(before, bench.intended().size());
    assertThat(slow.getLast().lastIndex() - slow.getLast().firstIndex()).isLessThan(4);
  }

  @Test
  void allWindowsTogetherStayWithinThePlacesOfTheProcess() {
    LaneBench bench = new LaneBench("--concurrency=1", "--global=20");
    for (int batch = 0; batch < 10; batch++) {
      bench.add(100, bench.atMostOnce());
    }
    int before = bench.intended().size();
    bench.answer(200, OK);
    assertThat(bench.intended().subList(before, bench.intended().size()))
        .isNotEmpty()
        .allSatisfy(i -> assertThat(i.lastIndex() - i.firstIndex()).isLessThan(2));
  }

  @Test
  void aRetryIsIntendedAnewWhenItIsDue() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(1, bench.atMostOnce());
    bench.answer(1, NOT_SENT);
    assertThat(bench.intended()).hasSize(1);
    bench.holdIntents(true);
    bench.advance(Duration.ofMinutes(1));
    assertThat(bench.intended()).last().isEqualTo(new Intent(FIRST, 2, 0, 0));
    assertThat(bench.sentCount()).isEqualTo(1);
    bench.commitIntents();
    assertThat(bench.sentAttempts()).containsExactly(1, 2);
    bench.answer(1, OK);
    assertThat(bench.outcome(0).attemptCount()).isEqualTo(2);
    assertThat(bench.intended()).hasSize(2);
  }

  /** Intended and not begun is what a crash leaves in doubt. */
  @Test
  void retriesThatFallDueTogetherAreIntendedAWindowAtATime() {
    LaneBench bench = new LaneBench("--concurrency=1", "--intent-window=5");
    bench.add(15, bench.atMostOnce());
    bench.answer(15, NOT_SENT);
    assertThat(bench.attempts()).hasSize(15);
    bench.holdIntents(true);
    bench.advance(Duration.ofMinutes(1));
    assertThat(bench.intended()).filteredOn(intent -> intent.number() == 2).hasSize(5);
    int most = 5;
    while (bench.outcomes().size() < 15) {
      bench.commitIntents();
      assertThat(bench.inFlight()).isEqualTo(1);
      bench.answer(1, OK);
      most++;
      assertThat(bench.intended())
          .filteredOn(intent -> intent.number() == 2)
          .hasSizeLessThanOrEqualTo(most);
    }
    assertThat(bench.intended()).filteredOn(intent -> intent.number() == 2).hasSize(15);
  }

  @Test
  void anInterruptedItemGoesAgainUnderItsIntent() {
    LaneBench bench = new LaneBench("--concurrency=1");
    bench.add(1, bench.atMostOnce());
    bench.answer(1, INTERRUPTED);
    assertThat(bench.sentAttempts()).containsExactly(1, 1);
    assertThat(bench.intended()).hasSize(1);
  }

  @Test
  void anItemTriedByAnEarlierHolderIsIntendedAtItsOwnNumber() {
    LaneBench bench = new LaneBench("--concurrency=10");
    History history =
        new History(3, 3, false, Duration.ZERO, Duration.ZERO, bench.instant().minusSeconds(1));
    bench.add(3, bench.atMostOnce(), new BitSet(), Map.of(1L, history));
    assertThat(covers(bench.intended(), 4, 1)).isTrue();
    assertThat(bench.sentAttempts()).containsExactlyInAnyOrder(1, 1, 4);
  }

  @Test
  void whatEarlierHoldersSettledTakesNoWindow() {
    LaneBench bench = new LaneBench("--concurrency=2", "--intent-window=8");
    bench.holdIntents(true);
    BitSet settled = new BitSet();
    settled.set(0, 100);
    settled.set(102, 150);
    bench.add(200, bench.atMostOnce(), settled, Map.of());
    int commits = 0;
    while (bench.outcomes().size() < 52) {
      bench.commitIntents();
      bench.answerAll(OK);
      assertThat(++commits).as("commits").isLessThan(20);
    }
    assertThat(bench.sentCount()).isEqualTo(52);
  }

  @Test
  void aWindowOfNothingButLaterRetriesHoldsNothingUp() {
    LaneBench bench = new LaneBench("--concurrency=1", "--intent-window=8");
    bench.holdIntents(true);
    Map<Long, History> histories = new HashMap<>();
    for (long index = 0; index < 50; index++) {
      histories.put(
          index,
          new History(1, 1, false, Duration.ZERO, Duration.ZERO, bench.instant().plusSeconds(30)));
    }
    bench.add(60, bench.atMostOnce(), new BitSet(), histories);
    bench.commitIntents();
    bench.holdIntents(false);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(10);
    bench.advance(Duration.ofSeconds(31));
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(60);
    assertThat(bench.intended()).filteredOn(intent -> intent.number() == 2).hasSize(50);
  }

  @Test
  void aLostShardSendsNothingOfItsWindow() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.holdIntents(true);
    bench.add(10, bench.atMostOnce());
    bench.lane().lose(FIRST);
    bench.commitIntents(FIRST);
    bench.advance(Duration.ofMinutes(1));
    assertThat(bench.sentCount()).isZero();
    assertThat(bench.givenBack()).isEmpty();
    assertThat(bench.lane().isEmpty()).isTrue();
  }

  @Test
  void aBatchReleasedBeforeItsWindowIsOnDiskSendsNothing() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.holdIntents(true);
    bench.add(10, bench.atMostOnce());
    bench.follow(1, BatchState.PAUSED);
    assertThat(bench.givenBack()).containsExactly(new GivenBack(FIRST, null));
    bench.commitIntents();
    bench.follow(1, BatchState.RUNNING);
    bench.advance(Duration.ofMinutes(1));
    assertThat(bench.sentCount()).isZero();
    assertThat(bench.admitted()).isZero();
  }

  @Test
  void aBatchThatMayGoTwiceIsNotIntended() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.add(100);
    bench.answerAll(OK);
    assertThat(bench.intended()).isEmpty();
  }

  @Test
  void aShardThatProcessesEndedWithRunsOneItemAtATime() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.holdIntents(true);
    bench.addCrashed(3, BatchOptions.DEFAULT, Set.of());
    for (int index = 0; index < 3; index++) {
      assertThat(bench.intended()).last().isEqualTo(new Intent(FIRST, 1, index, index));
      assertThat(bench.sentCount()).isEqualTo(index);
      bench.commitIntents();
      assertThat(bench.inFlight()).isEqualTo(1);
      bench.answer(1, OK);
    }
    assertThat(bench.outcomes()).hasSize(3);
    assertThat(bench.admitted()).isZero();
    assertThat(bench.lane().isEmpty()).isTrue();
  }

  @Test
  void theNextItemBeginsAloneOnlyOnceWhatBecameOfTheLastIsOnDisk() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of());
    bench.holdStores(true);
    bench.answer(1, OK);
    assertThat(bench.intended()).hasSize(1);
    assertThat(bench.inFlight()).isZero();
    bench.holdStores(false);
    assertThat(bench.intended()).hasSize(2);
    assertThat(bench.inFlight()).isEqualTo(1);
  }

  @Test
  void onlyOneItemOfAllSuchShardsIsInFlightAndOthersGoOn() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.addCrashed(3, BatchOptions.DEFAULT, Set.of());
    bench.addCrashed(bench.anotherLane(), 3, bench.atMostOnce(), Set.of());
    assertThat(bench.inFlight()).isEqualTo(1);
    bench.add(4);
    assertThat(bench.inFlight()).isEqualTo(5);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(10);
    assertThat(bench.intended()).hasSize(6);
  }

  @Test
  void aRetryOfSuchAShardHoldsNothingUp() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of());
    bench.answer(1, BUSY);
    assertThat(bench.lastSentIndex()).isEqualTo(1);
    bench.answer(1, OK);
    bench.advance(Duration.ofMinutes(1));
    assertThat(bench.sentAttempts()).containsExactly(1, 1, 2);
    assertThat(bench.intended()).last().isEqualTo(new Intent(FIRST, 2, 0, 0));
    bench.answer(1, OK);
    assertThat(bench.outcomes()).hasSize(2);
  }

  @Test
  void aSuspectRunsWithNothingElseInFlight() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.add(6);
    Lane other = bench.anotherLane();
    bench.addCrashed(other, 2, BatchOptions.DEFAULT, Set.of(0L));
    assertThat(bench.inFlight()).isEqualTo(3);
    assertThat(bench.intended()).isEmpty();
    bench.answer(2, OK);
    assertThat(bench.inFlight()).as("nothing new begins").isEqualTo(1);
    assertThat(bench.intended()).isEmpty();
    bench.answer(1, OK);
    assertThat(bench.intended()).hasSize(1);
    assertThat(bench.inFlight()).isEqualTo(1);
    assertThat(bench.sentOf(2)).isEqualTo(1);
    bench.answer(1, OK);
    assertThat(bench.inFlight()).as("the others go on").isEqualTo(4);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(8);
    assertThat(bench.admitted()).isZero();
  }

  @Test
  void whatTheProcessOutlivesIsToBlameForNothingAndOthersStartBesideIt() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of(0L));
    bench.add(2);
    assertThat(bench.inFlight()).isEqualTo(1);
    bench.tick();
    bench.advance(Duration.ofMillis(999));
    bench.tick();
    assertThat(bench.outlived()).isEmpty();
    bench.advance(Duration.ofMillis(1));
    bench.tick();
    bench.tick();
    assertThat(bench.outlived()).containsExactly(bench.intended().getFirst());
    assertThat(bench.inFlight()).as("others, and the next of its shard").isEqualTo(4);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(4);
    assertThat(bench.admitted()).isZero();
  }

  @Test
  void whatWasOutlivedEndsNobodyElsesTrial() {
    LaneBench bench = new LaneBench("--concurrency=5");
    bench.addCrashed(3, BatchOptions.DEFAULT, Set.of(0L, 1L));
    bench.tick();
    bench.advance(Duration.ofSeconds(1));
    bench.tick();
    assertThat(bench.inFlight()).as("the second waits until it is alone").isEqualTo(1);
    bench.holdStores(true);
    bench.answer(1, BUSY);
    assertThat(bench.sentCount()).isEqualTo(2);
    bench.holdStores(false);
    bench.add(2);
    assertThat(bench.inFlight()).as("the trial of the second goes on").isEqualTo(1);
    bench.answer(1, OK);
    bench.answerAll(OK);
    bench.advance(Duration.ofMinutes(1));
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(5);
    assertThat(bench.admitted()).isZero();
  }

  @Test
  void theTimeInWhichAnItemIsToBlameBeginsWhenItsRequestIsWritten() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.holdWrites();
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of(0L));
    bench.tick();
    bench.advance(Duration.ofMillis(2_900));
    bench.tick();
    assertThat(bench.outlived()).isEmpty();
    bench.write();
    bench.tick();
    bench.advance(Duration.ofMillis(999));
    bench.tick();
    assertThat(bench.outlived()).isEmpty();
    bench.advance(Duration.ofMillis(1));
    bench.tick();
    assertThat(bench.outlived()).containsExactly(bench.intended().getFirst());
  }

  @Test
  void anItemThatWaitsForItsConnectionIsNotToBlameForLong() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.holdWrites();
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of());
    bench.advance(Duration.ofMillis(2_999));
    bench.tick();
    assertThat(bench.outlived()).isEmpty();
    bench.advance(Duration.ofMillis(1));
    bench.tick();
    assertThat(bench.outlived()).containsExactly(bench.intended().getFirst());
  }

  @Test
  void whatMustNotGoTwiceStaysInDoubtHoweverLongTheProcessOutlivesIt() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.addCrashed(2, bench.atMostOnce(), Set.of());
    bench.tick();
    bench.advance(Duration.ofSeconds(1));
    bench.tick();
    assertThat(bench.outlived()).isEmpty();
    assertThat(bench.inFlight()).as("but holds nobody up").isEqualTo(2);
  }

  @Test
  void afterManyEndsAnItemIsToBlameThroughout() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.addCrashed(ShardQueue.SUSPECT_THROUGHOUT_FROM, 2);
    bench.tick();
    bench.advance(Duration.ofSeconds(4));
    bench.tick();
    assertThat(bench.inFlight()).isEqualTo(1);
    assertThat(bench.outlived()).isEmpty();
  }

  @Test
  void aLostShardThatRunsAloneFreesItsPlaces() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.holdIntents(true);
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of(0L));
    assertThat(bench.intended()).hasSize(1);
    bench.lane().lose(FIRST);
    bench.commitIntents(FIRST);
    assertThat(bench.sentCount()).isZero();
    assertThat(bench.admitted()).isZero();
    bench.add(3);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(3);
  }

  @Test
  void aSuspectWhoseShardIsLostWhileItWaitsForOthersFreesItsPlaces() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.add(6);
    Lane other = bench.anotherLane();
    bench.addCrashed(other, 2, BatchOptions.DEFAULT, Set.of(0L));
    Lease second = new Lease(2, 2, 1, 1);
    bench.holdIntents(true);
    other.lose(second);
    bench.answer(3, OK);
    bench.commitIntents(second);
    assertThat(bench.inFlight()).as("the others go on").isEqualTo(3);
    bench.answerAll(OK);
    assertThat(bench.outcomes()).hasSize(6);
    assertThat(bench.admitted()).isZero();

    bench.addCrashed(1, BatchOptions.DEFAULT, Set.of());
    bench.commitIntents();
    assertThat(bench.inFlight()).as("the next that runs alone").isEqualTo(1);
  }

  /** An intent that outlasts its try would have the item blamed for what happens later. */
  @Test
  void aShardThatRunsAloneGoesBackWithTheIntentOfWhatWasNotSent() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of(0L));
    assertThat(bench.inFlight()).isEqualTo(1);
    bench.holdStores(true);
    bench.answer(1, INTERRUPTED);
    assertThat(bench.givenBack()).containsExactly(new GivenBack(FIRST, null));
    bench.add(1);
    assertThat(bench.inFlight()).as("before it is back").isZero();
    bench.holdStores(false);
    assertThat(bench.inFlight()).isEqualTo(1);

    bench.holdIntents(true);
    bench.addCrashed(bench.anotherLane(), 2, BatchOptions.DEFAULT, Set.of());
    bench.gate(3).halt();
    bench.commitIntents();
    assertThat(bench.sentOf(3)).isZero();
    assertThat(bench.givenBack()).last().isEqualTo(new GivenBack(new Lease(3, 3, 1, 1), null));
  }

  @Test
  void aReleasedShardThatRunsAloneLetsTheNextOneRun() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of());
    bench.addCrashed(bench.anotherLane(), 2, BatchOptions.DEFAULT, Set.of());
    bench.follow(1, BatchState.PAUSED);
    bench.answer(1, OK);
    assertThat(bench.givenBack()).hasSize(1);
    assertThat(bench.sentOf(2)).isEqualTo(1);
    bench.answerAll(OK);
    assertThat(bench.sentOf(2)).isEqualTo(2);
    assertThat(bench.sentOf(1)).isEqualTo(1);
  }

  @Test
  void anItemWhoseIntentIsRefusedAtTheStopLetsItsShardGoBack() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.holdIntents(true);
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of());
    bench.add(10, bench.atMostOnce());
    bench.closeAdmission();
    bench.commitIntents(FIRST, new Lease(2, 2, 1, 1));
    assertThat(bench.admitted()).isZero();
    bench.lane().release(null);
    assertThat(bench.givenBack())
        .containsExactlyInAnyOrder(
            new GivenBack(FIRST, null), new GivenBack(new Lease(2, 2, 1, 1), null));
  }

  @Test
  void nothingBeginsWhoseLeaseRanOutWhileItsIntentWasCommitted() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.holdIntents(true);
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of());
    bench.add(10, bench.atMostOnce());
    bench.leasesAreHeld(false);
    bench.commitIntents();
    assertThat(bench.sentCount()).isZero();
    assertThat(bench.admitted()).isZero();
    assertThat(bench.givenBack()).containsExactly(new GivenBack(FIRST, null));
    bench.leasesAreHeld(true);
    bench.tick();
    assertThat(bench.inFlight()).as("what was intended in a window").isEqualTo(3);
  }

  @Test
  void nothingBeginsOnceTheProcessStopsThoughItsIntentIsOnDisk() {
    LaneBench bench = new LaneBench("--concurrency=3");
    bench.holdIntents(true);
    bench.addCrashed(2, BatchOptions.DEFAULT, Set.of());
    bench.closeAdmission();
    bench.commitIntents();
    assertThat(bench.sentCount()).isZero();
    assertThat(bench.admitted()).isZero();
  }
}
