package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.Rate;
import dev.sluice.model.Verdict;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.DestinationSettings.Concurrency;
import dev.sluice.store.LimitKey;
import dev.sluice.store.LimitKey.Kind;
import dev.sluice.store.LimitShares;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import dev.sluice.store.StoreException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A lane of one replica of several: what it sends by its shares, on simulated time. */
class LaneSharesTests {

  private static final Verdict OK = new Verdict.Succeeded(new Verdict.Reply(200, null));

  /** So many that the pace of the limit itself, on the real clock, holds nothing. */
  private static final Rate AMPLE = new Rate(1_000_000, Duration.ofSeconds(1), 1_000_000);

  private final LaneBench bench = new LaneBench("--adaptive", "--shared");
  private final Store store = new Store();
  private final ShareKeeper keeper = bench.shareKeeper(store);

  /** Gives what the test says, and remembers what was demanded. */
  private static final class Store implements LimitShares {
    private final Map<Kind, Double> shares = new HashMap<>();
    private List<Demand> demands = List.of();
    private int renewals;
    private boolean down;

    @Override
    public boolean areWhole() {
      return false;
    }

    @Override
    public List<Share> renew(List<Demand> demanded) {
      if (down) {
        throw new StoreException(StoreException.Kind.UNAVAILABLE, "As the test asked");
      }
      renewals++;
      demands = demanded;
      return demanded.stream().map(this::share).toList();
    }

    private Share share(Demand demand) {
      double amount = shares.getOrDefault(demand.key().kind(), 0.0);
      return new Share(demand.key(), amount, Duration.ZERO);
    }
  }

  private void give(Kind kind, double share) {
    store.shares.put(kind, share);
    keeper.beat();
  }

  private void pass(Duration time) {
    for (long millis = 0; millis < time.toMillis(); millis += 500) {
      bench.advance(Duration.ofMillis(500));
      keeper.beat();
    }
  }

  @Test
  void whatHasNoLimitNeedsNoShare() {
    bench.add(20);
    assertThat(bench.inFlight()).isEqualTo(8);
    keeper.beat();
    assertThat(store.renewals).isZero();
    bench.advance(Duration.ofSeconds(10));
    bench.answer(1, OK);
    assertThat(bench.sentCount()).isEqualTo(9);
  }

  @Test
  void aBatchHasAsManyPlacesAsItsShare() {
    bench.add(50, bench.concurrency(10));
    assertThat(bench.inFlight()).isZero();
    give(Kind.BATCH_CONCURRENCY, 3);
    assertThat(store.demands)
        .containsExactly(new Demand(new LimitKey(Kind.BATCH_CONCURRENCY, "1"), 10, 10, 0));
    assertThat(bench.inFlight()).isEqualTo(3);
    give(Kind.BATCH_CONCURRENCY, 5);
    assertThat(bench.inFlight()).isEqualTo(5);
    bench.answer(1, OK);
    assertThat(bench.inFlight()).isEqualTo(5);
  }

  @Test
  void placesThatAreTakenAwayAreGivenUpAsTheyFallFree() {
    bench.add(50, bench.concurrency(10));
    give(Kind.BATCH_CONCURRENCY, 4);
    give(Kind.BATCH_CONCURRENCY, 1);
    assertThat(bench.inFlight()).isEqualTo(4);
    keeper.beat();
    assertThat(store.demands).singleElement().extracting(Demand::held).isEqualTo(4.0);
    bench.answer(2, OK);
    keeper.beat();
    assertThat(bench.inFlight()).isEqualTo(2);
    assertThat(store.demands).singleElement().extracting(Demand::held).isEqualTo(2.0);
    bench.answer(1, OK);
    assertThat(bench.inFlight()).isEqualTo(1);
    bench.answer(1, OK);
    assertThat(bench.inFlight()).isEqualTo(1);
  }

  @Test
  void aShareThatShrinksIsToldOfAtOnce() {
    bench.add(50, bench.concurrency(10));
    give(Kind.BATCH_CONCURRENCY, 4);
    bench.answerAll(new Verdict.Retryable(new Verdict.Reply(429, null), Duration.ofMinutes(1)));
    int before = store.renewals;
    give(Kind.BATCH_CONCURRENCY, 1);
    assertThat(store.renewals - before).isEqualTo(2);
    assertThat(store.demands).singleElement().extracting(Demand::held).isEqualTo(1.0);
  }

  @Test
  void aDestinationHasAsManyPlacesAsItsShare() {
    bench.settings(new DestinationSettings(null, Concurrency.fixed(10), null));
    bench.add(50);
    assertThat(bench.inFlight()).isZero();
    give(Kind.DESTINATION_CONCURRENCY, 3);
    assertThat(bench.inFlight()).isEqualTo(3);
    give(Kind.DESTINATION_CONCURRENCY, 6);
    assertThat(bench.inFlight()).isEqualTo(6);
    assertThat(bench.lane().snapshot().concurrencyLimit()).isEqualTo(6);
    give(Kind.DESTINATION_CONCURRENCY, 0);
    bench.answerAll(OK);
    assertThat(bench.sentCount()).isEqualTo(6);
    give(Kind.DESTINATION_CONCURRENCY, 1);
    assertThat(bench.sentCount()).isEqualTo(7);
  }

  @Test
  void anAdaptiveLimitIsSharedUpToItsMax() {
    bench.settings(
        new DestinationSettings(null, new Concurrency(Concurrency.Mode.ADAPTIVE, 6), null));
    bench.add(50);
    assertThat(bench.inFlight()).isZero();
    give(Kind.DESTINATION_CONCURRENCY, 4);
    assertThat(bench.inFlight()).isEqualTo(4);
    give(Kind.DESTINATION_CONCURRENCY, 6);
    assertThat(bench.inFlight()).isEqualTo(6);
  }

  @Test
  void aDestinationIsSentToAtTheRateOfItsShare() {
    bench.settings(new DestinationSettings(AMPLE, null, null));
    bench.add(500);
    assertThat(bench.sentCount()).isZero();
    give(Kind.DESTINATION_RATE, 10);
    sendFor(Duration.ofSeconds(5));
    assertThat(bench.sentCount()).isBetween(49, 51);
  }

  @Test
  void aBatchIsSentAtTheRateOfItsShare() {
    bench.add(500, rated());
    give(Kind.BATCH_RATE, 10);
    sendFor(Duration.ofSeconds(2));
    give(Kind.BATCH_RATE, 20);
    sendFor(Duration.ofSeconds(3));
    assertThat(bench.sentCount()).isBetween(79, 81);
  }

  private static BatchOptions rated() {
    return BatchOptions.DEFAULT.change().rate(AMPLE).build();
  }

  private void sendFor(Duration time) {
    for (long millis = 0; millis < time.toMillis(); millis += 10) {
      bench.advance(Duration.ofMillis(10));
      bench.answerAll(OK);
      if (millis % 500 == 490) {
        keeper.beat();
      }
    }
  }

  @Test
  void withoutTheStoreNothingLimitedIsSentAndAllElseGoesOn() {
    bench.add(500, rated());
    give(Kind.BATCH_RATE, 10);
    sendFor(Duration.ofSeconds(2));
    store.down = true;
    sendFor(Duration.ofMillis(1890));
    int sent = bench.sentCount();
    assertThat(sent).isGreaterThan(35);
    sendFor(Duration.ofSeconds(20));
    assertThat(bench.sentCount()).isEqualTo(sent);

    bench.add(10);
    sendFor(Duration.ofSeconds(1));
    assertThat(bench.sentOf(2)).isEqualTo(10);

    store.down = false;
    keeper.beat();
    sendFor(Duration.ofSeconds(1));
    assertThat(bench.sentCount()).isBetween(sent + 19, sent + 22);
  }

  @Test
  void whatWasReservedIsNotSentOnceItsShareHasEnded() {
    bench.add(500, rated());
    give(Kind.BATCH_RATE, 1000);
    store.down = true;
    int reserved = bench.lane().snapshot().backlogCount();
    bench.advance(Duration.ofMillis(1899));
    int sent = bench.sentCount();
    // Places are the limit here: what is answered now lets others go, but the time is up.
    bench.advance(Duration.ofMillis(1));
    bench.answerAll(OK);
    bench.advance(Duration.ofSeconds(5));
    assertThat(bench.sentCount()).isEqualTo(sent);
    assertThat(bench.lane().snapshot().backlogCount()).isEqualTo(500 - sent);
    assertThat(reserved).isPositive();
  }

  @Test
  void aLimitSetWhileItRunsIsAskedForAtOnce() {
    bench.add(500);
    boolean[] asked = new boolean[1];
    bench.context().shares().onAsked(() -> asked[0] = true);
    bench.change(1, options -> options.concurrency(3));
    assertThat(asked[0]).isTrue();
    give(Kind.BATCH_CONCURRENCY, 2);
    bench.answerAllOnce(OK);
    assertThat(bench.inFlight()).isEqualTo(2);
  }

  @Test
  void aReplicaThatDrainsKeepsOnlyThePlacesInUse() {
    bench.add(50, BatchOptions.DEFAULT.change().rate(AMPLE).concurrency(4).build());
    store.shares.put(Kind.BATCH_RATE, 1000.0);
    give(Kind.BATCH_CONCURRENCY, 4);
    bench.advance(Duration.ofMillis(100));
    keeper.drain();
    pass(Duration.ofSeconds(11));
    assertThat(store.demands).singleElement().extracting(Demand::held).isEqualTo(4.0);
    keeper.release();
    assertThat(store.demands).isEmpty();
  }
}
