package dev.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.store.LimitKey.Kind;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import dev.sluice.store.ShareLedger.Renewal;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a renewal gives and takes. */
class ShareLedgerTests {

  private static final LimitKey RATE = new LimitKey(Kind.BATCH_RATE, "1");
  private static final LimitKey PLACES = new LimitKey(Kind.BATCH_CONCURRENCY, "1");

  private final ShareLedger ledger = new ShareLedger();
  private final Map<Long, Long> beats = new HashMap<>();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  private Renewal renew(long replica, Demand... demands) {
    long beat = beats.merge(replica, 1L, Long::sum);
    Renewal renewal = ledger.renew(replica, beat, List.of(demands), now);
    assertThat(renewal).isNotNull();
    return renewal;
  }

  private double rate(long replica, double wanted, double held) {
    return renew(replica, new Demand(RATE, 300, wanted, held)).shares().getFirst().amount();
  }

  private double places(long replica, double wanted, double held) {
    return renew(replica, new Demand(PLACES, 3, wanted, held)).shares().getFirst().amount();
  }

  private void pass(long millis) {
    now = now.plusMillis(millis);
  }

  @Test
  void whoeverIsAloneHasItAll() {
    assertThat(rate(1, 10, 0)).isEqualTo(300);
  }

  @Test
  void aShareGrowsOnlyByWhatNobodyHolds() {
    assertThat(rate(1, 300, 0)).isEqualTo(300);
    assertThat(rate(2, 300, 0)).isZero();
    assertThat(rate(1, 300, 300)).isEqualTo(150);
    // The first has not said yet that it goes by less.
    assertThat(rate(2, 300, 0)).isZero();
    assertThat(rate(1, 300, 150)).isEqualTo(150);
    assertThat(rate(2, 300, 0)).isEqualTo(150);
  }

  @Test
  void placesThatAreStillInUseAreNobodyElses() {
    assertThat(places(1, 3, 0)).isEqualTo(3);
    assertThat(places(2, 3, 0)).isZero();
    assertThat(places(1, 3, 3)).isEqualTo(2);
    assertThat(places(2, 3, 0)).isZero();
    assertThat(places(1, 3, 2)).isEqualTo(2);
    assertThat(places(2, 3, 0)).isEqualTo(1);
  }

  @Test
  void aShareEndsTwoSecondsAfterItsRenewal() {
    assertThat(rate(1, 300, 0)).isEqualTo(300);
    pass(1999);
    assertThat(rate(2, 300, 0)).isZero();
    pass(1);
    assertThat(rate(2, 300, 0)).isEqualTo(300);
  }

  @Test
  void whoeverComesBackTooLateHasNothing() {
    assertThat(rate(1, 300, 0)).isEqualTo(300);
    pass(2000);
    assertThat(rate(2, 300, 0)).isEqualTo(300);
    assertThat(rate(1, 300, 300)).isZero();
    assertThat(rate(2, 300, 300)).isEqualTo(150);
  }

  @Test
  void whatIsNotDemandedIsGivenUp() {
    assertThat(rate(1, 300, 0)).isEqualTo(300);
    assertThat(renew(1).changed())
        .singleElement()
        .satisfies(entry -> assertThat(entry.share()).isZero());
    assertThat(rate(2, 300, 0)).isEqualTo(300);
  }

  @Test
  void aRenewalThatALaterOneHasOvertakenChangesNothing() {
    assertThat(rate(1, 300, 0)).isEqualTo(300);
    long overtaken = beats.merge(1L, 1L, Long::sum);
    assertThat(rate(1, 300, 300)).isEqualTo(300);
    assertThat(ledger.renew(1, overtaken, List.of(), now)).isNull();
    assertThat(rate(2, 300, 0)).isZero();
  }

  @Test
  void aLimitThatFellIsKeptAsSoonAsItsHoldersGoByLess() {
    assertThat(rate(1, 300, 0)).isEqualTo(300);
    Demand half = new Demand(RATE, 150, 150, 300);
    assertThat(renew(1, half).shares().getFirst().amount()).isEqualTo(150);
    assertThat(rate(2, 300, 0)).isZero();
  }

  @Test
  void whatDoesNotChangeIsNotWrittenAgain() {
    assertThat(renew(1, new Demand(RATE, 300, 10, 0)).changed()).hasSize(1);
    assertThat(renew(1, new Demand(RATE, 300, 10, 300)).changed()).isEmpty();
  }

  @Test
  void aPlaceForManyGoesRound() {
    Map<Long, Integer> turns = new HashMap<>();
    Map<Long, Double> held = new HashMap<>();
    LimitKey one = new LimitKey(Kind.DESTINATION_CONCURRENCY, "1");
    for (int i = 0; i < 120; i++) {
      for (long replica = 1; replica <= 3; replica++) {
        double before = held.getOrDefault(replica, 0.0);
        double share = renew(replica, new Demand(one, 1, 1, before)).shares().getFirst().amount();
        held.put(replica, share);
        turns.merge(replica, share > before ? 1 : 0, Integer::sum);
        assertThat(held.values().stream().mapToDouble(each -> each).sum()).isLessThanOrEqualTo(1);
      }
      pass(500);
    }
    // A minute: turns of five seconds, and a moment between them.
    assertThat(turns.values()).allSatisfy(count -> assertThat(count).isBetween(3, 4));
  }

  @Test
  void tellsHowLongNobodyHasHadAnyOfIt() {
    Share first = renew(1, new Demand(RATE, 300, 10, 0)).shares().getFirst();
    assertThat(first.quiet()).isEqualTo(Duration.ofDays(7));
    assertThat(renew(2, new Demand(RATE, 300, 10, 0)).shares().getFirst().quiet()).isZero();
    pass(3000);
    // The first ended a second ago.
    assertThat(renew(3, new Demand(RATE, 300, 10, 0)).shares().getFirst().quiet())
        .isEqualTo(Duration.ofSeconds(1));
    var _ = renew(3);
    pass(700);
    assertThat(renew(3, new Demand(RATE, 300, 10, 0)).shares().getFirst().quiet())
        .isEqualTo(Duration.ofMillis(700));
  }
}
