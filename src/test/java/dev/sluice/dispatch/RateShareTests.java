package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.ProcessClock;
import dev.sluice.model.Rate;
import dev.sluice.store.LimitKey;
import dev.sluice.store.LimitKey.Kind;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One replica's share of 100 attempts a second. */
class RateShareTests {

  private static final LimitKey KEY = new LimitKey(Kind.BATCH_RATE, "1");
  private static final long MILLIS = TimeUnit.MILLISECONDS.toNanos(1);

  private long nanos;
  private final ProcessClock clock =
      new ProcessClock() {
        @Override
        public long nanoTime() {
          return nanos;
        }

        @Override
        public Instant instant() {
          throw new UnsupportedOperationException("No wall clock decides about shares");
        }
      };
  private final ShareTerm term = new ShareTerm(clock);
  private final RateShare share = new RateShare(KEY, term);
  private final Work work = new Work();

  private static final class Work implements SharedLimit.Load {
    private int waiting;

    @Override
    public int waiting() {
      return waiting;
    }

    @Override
    public int inUse() {
      return 0;
    }

    @Override
    public void wake() {
      // Nobody waits.
    }
  }

  @BeforeEach
  void follows() {
    share.follow(new Rate(100, Duration.ofSeconds(1), 1));
  }

  private void grant(double perSecond) {
    grant(perSecond, Duration.ZERO);
  }

  private void grant(double perSecond, Duration quiet) {
    var _ = share.grant(new Share(KEY, perSecond, quiet), nanos);
    term.extend(nanos + 1900 * MILLIS);
  }

  private void pass(long millis) {
    nanos += millis * MILLIS;
  }

  /** Takes all that may be reserved before {@code millis} have passed. */
  private int take(long millis) {
    int count = 0;
    for (long i = 0; i < millis; i++) {
      while (share.reserve(nanos) >= 0) {
        count++;
      }
      pass(1);
    }
    return count;
  }

  @Nullable Demand demand() {
    return share.demand(work, nanos);
  }

  @Test
  void withoutAShareNothingGoes() {
    assertThat(share.reserve(nanos)).isEqualTo(-1);
    assertThat(share.sleeps()).isTrue();
  }

  @Test
  void attemptsAreEvenlySpacedAndReservedALittleAhead() {
    grant(100);
    assertThat(share.reserve(nanos)).isEqualTo(10 * MILLIS);
    assertThat(share.reserve(nanos)).isEqualTo(20 * MILLIS);
    for (int i = 3; i <= 5; i++) {
      assertThat(share.reserve(nanos)).isEqualTo(i * 10L * MILLIS);
    }
    assertThat(share.reserve(nanos)).isEqualTo(-1);
    assertThat(share.lookAgainNanos(nanos)).isBetween(10 * MILLIS, 50 * MILLIS);
  }

  @Test
  void aShareThatChangesAllTheTimeKeepsItsPace() {
    grant(20);
    int count = take(500);
    for (int i = 0; i < 19; i++) {
      grant(i % 2 == 0 ? 30 : 10);
      count += take(500);
    }
    // 20.5 a second on average, over ten seconds, and one ahead.
    assertThat(count).isBetween(205, 206);
  }

  @Test
  void oneAttemptInALongTimeIsWaitedForAcrossManyGrants() {
    share.follow(new Rate(1, Duration.ofMinutes(1), 1));
    int count = 0;
    for (int i = 0; i < 600; i++) {
      grant(1 / 60.0);
      count += take(500);
    }
    assertThat(count).isBetween(4, 5);
  }

  @Test
  void nothingGoesOnceTheShareHasEndedAndNothingIsSavedUpMeanwhile() {
    grant(100);
    pass(1899);
    assertThat(share.reserve(nanos)).isZero();
    pass(1);
    assertThat(share.reserve(nanos)).isEqualTo(-1);
    assertThat(share.isOver(nanos)).isTrue();
    pass(60_000);
    grant(100);
    assertThat(take(100)).isLessThanOrEqualTo(16);
  }

  @Test
  void aBurstIsSplitLikeItsRate() {
    share.follow(new Rate(100, Duration.ofSeconds(1), 40));
    grant(25);
    pass(1500);
    int count = 0;
    while (share.reserve(nanos) == 0) {
      count++;
    }
    assertThat(count).isEqualTo(10);
  }

  @Test
  void whatALimitSavedUpWhileNobodyUsedItGoesAtOnce() {
    share.follow(new Rate(100, Duration.ofSeconds(1), 40));
    grant(100, Duration.ofDays(7));
    int count = 0;
    while (share.reserve(nanos) == 0) {
      count++;
    }
    assertThat(count).isEqualTo(40);
  }

  @Test
  void aLimitThatFallsIsKeptAtOnce() {
    grant(100);
    share.follow(new Rate(10, Duration.ofSeconds(1), 1));
    assertThat(share.held(work)).isEqualTo(10);
  }

  @Test
  void aLimitThatComesBackBeginsWithNothing() {
    grant(100);
    share.follow(null);
    share.follow(new Rate(10, Duration.ofSeconds(1), 1));
    assertThat(share.reserve(nanos)).isEqualTo(-1);
  }

  @Test
  void whoeverHasToWaitWantsWhatWaits() {
    work.waiting = 500;
    assertThat(demand()).isNotNull().extracting(Demand::wanted).isEqualTo(100.0);
  }

  @Test
  void whoeverCouldSendMoreWantsLittleMoreThanItSends() {
    work.waiting = 500;
    var _ = demand();
    grant(100);
    pass(20);
    for (int i = 0; i < 8; i++) {
      for (int j = 0; j < 10; j++) {
        assertThat(share.reserve(nanos)).isZero();
        pass(50);
      }
      grant(100);
      var _ = demand();
    }
    assertThat(demand()).isNotNull().extracting(Demand::wanted).satisfies(RateShareTests::is21);
  }

  private static void is21(double wanted) {
    assertThat(wanted).isBetween(20.5, 22.0);
  }

  @Test
  void whatIsNotUsedForLongIsGivenUpUntilThereIsWorkAgain() {
    work.waiting = 1;
    assertThat(demand()).isNotNull();
    grant(100);
    work.waiting = 0;
    for (int i = 0; i < 20; i++) {
      assertThat(demand()).isNotNull();
      pass(500);
    }
    assertThat(demand()).isNull();
    assertThat(share.sleeps()).isTrue();
    assertThat(share.held(work)).isZero();
    work.waiting = 1;
    assertThat(demand()).isNotNull();
    assertThat(share.sleeps()).isFalse();
  }
}
