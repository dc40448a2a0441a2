package dev.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.store.LimitSplit.Claimant;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who should have how much of a limit. */
class LimitSplitTests {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private static Claimant wants(long replica, double wanted) {
    return new Claimant(replica, wanted, 0, NOW);
  }

  private static List<Double> rates(double limit, double... wanted) {
    List<Claimant> all = new ArrayList<>();
    for (double each : wanted) {
      all.add(wants(all.size() + 1, each));
    }
    return all.stream().map(own -> LimitSplit.rate(limit, own, all)).toList();
  }

  private static List<Integer> places(int limit, List<Claimant> all) {
    return all.stream().map(own -> LimitSplit.places(limit, own, all, NOW)).toList();
  }

  private static List<Integer> places(int limit, double... wanted) {
    List<Claimant> all = new ArrayList<>();
    for (double each : wanted) {
      all.add(wants(all.size() + 1, each));
    }
    return places(limit, all);
  }

  @Test
  void whoeverWantsAllGetsAnEvenPart() {
    assertThat(rates(300, 300, 1000, 300)).containsExactly(100.0, 100.0, 100.0);
  }

  @Test
  void whatOneDoesNotWantIsForTheOthers() {
    assertThat(rates(300, 300, 20, 300)).containsExactly(140.0, 20.0, 140.0);
    assertThat(rates(300, 300, 120, 10)).containsExactly(170.0, 120.0, 10.0);
  }

  @Test
  void whatNobodyWantsIsSpread() {
    assertThat(rates(300, 30, 60, 0.0)).allSatisfy(each -> assertThat(each).isGreaterThan(60));
    assertThat(rates(300, 30, 60, 30).stream().mapToDouble(each -> each).sum())
        .isCloseTo(300, within(1e-9));
  }

  @Test
  void whoeverWantsNothingYetHasALittleToBeginWith() {
    assertThat(rates(300, 0, 300, 300).getFirst()).isEqualTo(2);
  }

  @Test
  void allOfALimitIsGivenAndNoMoreWhateverIsWanted() {
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      int limit = 1 + random.nextInt(20);
      double[] wanted = random.doubles(1 + random.nextInt(8), 0, 25).map(Math::floor).toArray();
      assertThat(rates(limit, wanted).stream().mapToDouble(each -> each).sum())
          .isCloseTo(limit, within(1e-9));
      assertThat(places(limit, wanted).stream().mapToInt(each -> each).sum()).isEqualTo(limit);
    }
  }

  @Test
  void placesAreWhole() {
    assertThat(places(10, 10, 10, 10)).containsExactly(4, 3, 3);
    assertThat(places(10, 2, 10, 10)).containsExactly(2, 4, 4);
    assertThat(places(10, 1, 0, 2)).containsExactly(4, 2, 4);
  }

  @Test
  void aPlaceStaysForATurnThoughOthersWait() {
    Claimant has = new Claimant(3, 5, 1, NOW.minusMillis(4999));
    Claimant waits = new Claimant(1, 5, 0, NOW.minusSeconds(60));
    assertThat(places(1, List.of(has, waits))).containsExactly(1, 0);
  }

  @Test
  void afterItsTurnAPlaceIsForWhoeverHasWaitedLongest() {
    Claimant has = new Claimant(1, 5, 1, NOW.minusMillis(5000));
    Claimant waits = new Claimant(2, 5, 0, NOW.minusSeconds(3));
    Claimant waitsLonger = new Claimant(3, 5, 0, NOW.minusSeconds(4));
    Claimant wantsNothing = new Claimant(4, 0, 0, NOW.minusSeconds(60));
    assertThat(places(1, List.of(has, waits, waitsLonger, wantsNothing)))
        .containsExactly(0, 0, 1, 0);
    assertThat(places(1, List.of(has, wantsNothing))).containsExactly(1, 0);
  }

  @Test
  void whoeverHasHadAPlaceLongestGivesItUp() {
    Claimant old = new Claimant(1, 5, 1, NOW.minusSeconds(60));
    Claimant older = new Claimant(2, 5, 1, NOW.minusSeconds(61));
    Claimant waits = new Claimant(3, 5, 0, NOW.minusSeconds(3));
    assertThat(places(2, List.of(old, older, waits))).containsExactly(1, 0, 1);
  }
}
