package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.Verdict;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.DestinationSettings.BreakerOverride;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a lane makes of what other replicas found out about its destination. */
class LaneParkingTests {

  private static final Verdict OK = new Verdict.Succeeded(new Verdict.Reply(200, null));
  private static final Verdict LOST =
      new Verdict.NotSent(new Verdict.Failure("connect", "refused"));

  private final LaneBench bench = new LaneBench("--concurrency=2");

  private static Verdict heldFor(int seconds) {
    return new Verdict.Retryable(new Verdict.Reply(429, null), Duration.ofSeconds(seconds));
  }

  @Test
  void aHoldOfAnotherReplicaHoldsThisOneAsLong() {
    bench.add(10);
    bench.park(Duration.ofSeconds(20), "hold");
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(2);
    assertThat(bench.lane().blockReason()).isEqualTo("hold");
    bench.advance(Duration.ofMillis(19_900));
    assertThat(bench.sentCount()).isEqualTo(2);
    bench.advance(Duration.ofMillis(200));
    assertThat(bench.sentCount()).isEqualTo(4);
  }

  @Test
  void aHoldOfAnotherReplicaEndsWhenThatOneSaysSo() {
    bench.park(Duration.ofSeconds(20), "hold");
    bench.add(10);
    bench.advance(Duration.ofSeconds(5));
    assertThat(bench.sentCount()).isZero();
    bench.park(null, null);
    assertThat(bench.sentCount()).isEqualTo(2);
  }

  @Test
  void theDestinationsOwnWordToThisReplicaIsNotUndoneByOthers() {
    bench.add(10);
    bench.answerAll(heldFor(20));
    bench.park(null, null);
    bench.advance(Duration.ofSeconds(10));
    bench.park(Duration.ofSeconds(1), "hold");
    bench.advance(Duration.ofSeconds(2));
    bench.park(null, null);
    assertThat(bench.sentCount()).isEqualTo(2);
    bench.advance(Duration.ofSeconds(9));
    assertThat(bench.sentCount()).isEqualTo(4);
  }

  @Test
  void theLongerOfTwoHoldsCounts() {
    bench.add(10);
    bench.answerAll(heldFor(5));
    bench.park(Duration.ofSeconds(20), "hold");
    bench.advance(Duration.ofSeconds(10));
    assertThat(bench.sentCount()).isEqualTo(2);
    bench.advance(Duration.ofMillis(10_100));
    assertThat(bench.sentCount()).isEqualTo(4);
  }

  @Test
  void anOpenBreakerOfAnotherReplicaIsOpenHere() {
    bench.add(10);
    bench.park(Duration.ofSeconds(20), "breaker");
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(2);
    assertThat(bench.lane().snapshot().breaker()).isEqualTo("open");
    bench.advance(Duration.ofMillis(20_100));
    assertThat(bench.sentCount()).as("a probe").isEqualTo(3);
    assertThat(bench.lane().snapshot().breaker()).isEqualTo("half_open");
  }

  @Test
  void aBreakerThatIsNoLongerOpenElsewhereIsProbedHere() {
    bench.park(Duration.ofSeconds(20), "breaker");
    bench.add(10);
    assertThat(bench.sentCount()).isZero();
    bench.park(null, null);
    assertThat(bench.sentCount()).isEqualTo(1);
    assertThat(bench.lane().snapshot().breaker()).isEqualTo("half_open");
  }

  @Test
  void probesThatFailElsewhereEndThoseHere() {
    bench.park(Duration.ofSeconds(20), "breaker");
    bench.add(10);
    bench.advance(Duration.ofMillis(20_100));
    assertThat(bench.sentCount()).isEqualTo(1);
    bench.park(Duration.ofSeconds(60), "breaker");
    bench.answerAll(OK);
    bench.advance(Duration.ofSeconds(59));
    assertThat(bench.sentCount()).isEqualTo(1);
  }

  @Test
  void whatAnOperatorClosedStaysClosed() {
    bench.settings(new DestinationSettings(null, null, BreakerOverride.CLOSED));
    bench.add(10);
    bench.parkOperated(Duration.ofSeconds(20), BreakerOverride.CLOSED);
    bench.answerAllOnce(OK);
    assertThat(bench.sentCount()).isEqualTo(4);
  }

  @Test
  void whatThisReplicaWroteItselfChangesNothing() {
    LaneBench own = new LaneBench("--concurrency=64");
    own.add(64);
    own.answer(30, LOST);
    assertThat(own.lane().snapshot().breaker()).isEqualTo("open");
    long until = own.lane().blockedUntil();
    own.park(Duration.ofNanos(until - own.nanos()).minusMillis(999), "breaker");
    assertThat(own.lane().blockedUntil()).isEqualTo(until);
    own.park(null, null);
    assertThat(own.lane().blockedUntil()).isEqualTo(until);
  }
}
