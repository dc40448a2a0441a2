package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.LimitKey;
import dev.sluice.store.LimitKey.Kind;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** One replica's share of ten places. */
class PlaceShareTests {

  private static final LimitKey KEY = new LimitKey(Kind.BATCH_CONCURRENCY, "1");

  private long nanos;
  private int inUse;
  private int waiting;
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
  private final PlaceShare share = new PlaceShare(KEY, term);
  private final SharedLimit.Load work =
      new SharedLimit.Load() {
        @Override
        public int waiting() {
          return waiting;
        }

        @Override
        public int inUse() {
          return inUse;
        }

        @Override
        public void wake() {
          // Nobody waits.
        }
      };

  private boolean grant(int places) {
    boolean grew = share.grant(new Share(KEY, places, Duration.ZERO), nanos);
    term.extend(nanos + TimeUnit.MILLISECONDS.toNanos(1900));
    return grew;
  }

  private @Nullable Demand demand() {
    return share.demand(work, nanos);
  }

  private void beats(int count) {
    for (int i = 0; i < count; i++) {
      nanos += TimeUnit.MILLISECONDS.toNanos(500);
      var _ = demand();
      var _ = grant(share.current());
    }
  }

  @Test
  void withoutALimitEveryPlaceIsFree() {
    assertThat(share.current()).isEqualTo(Integer.MAX_VALUE);
    assertThat(share.sleeps()).isFalse();
    assertThat(demand()).isNull();
  }

  @Test
  void aLimitBeginsWithoutAnyPlace() {
    share.follow(10);
    assertThat(share.current()).isZero();
    assertThat(share.sleeps()).isTrue();
    waiting = 100;
    assertThat(demand()).isEqualTo(new Demand(KEY, 10, 10, 0));
    assertThat(grant(4)).isTrue();
    assertThat(share.admits(4)).isTrue();
    assertThat(share.admits(5)).isFalse();
  }

  @Test
  void placesInUseAreHeldThoughTheShareShrank() {
    share.follow(10);
    waiting = 100;
    var _ = demand();
    var _ = grant(6);
    inUse = 6;
    assertThat(grant(2)).isFalse();
    assertThat(share.current()).isEqualTo(2);
    assertThat(share.held(work)).isEqualTo(6);
    inUse = 1;
    assertThat(share.held(work)).isEqualTo(2);
  }

  @Test
  void placesEndWithTheTerm() {
    share.follow(10);
    waiting = 100;
    var _ = demand();
    var _ = grant(6);
    nanos += TimeUnit.MILLISECONDS.toNanos(1900);
    assertThat(share.current()).isZero();
    // Coming back is growing.
    assertThat(grant(6)).isTrue();
  }

  @Test
  void whoeverUsesAllItHasAndHasMoreToSendWantsMore() {
    share.follow(10);
    waiting = 3;
    var _ = demand();
    var _ = grant(4);
    inUse = 4;
    assertThat(demand()).isEqualTo(new Demand(KEY, 10, 7, 4));
    inUse = 2;
    assertThat(share.admits(2)).isTrue();
    beats(3);
    // What waits now waits for something else.
    assertThat(demand()).isEqualTo(new Demand(KEY, 10, 2, 4));
  }

  @Test
  void aLimitThatFallsIsKeptAtOnce() {
    share.follow(10);
    waiting = 100;
    var _ = demand();
    var _ = grant(5);
    share.follow(4);
    assertThat(share.current()).isEqualTo(2);
  }

  @Test
  void placesThatNobodyUsedForLongAreGivenUp() {
    share.follow(10);
    waiting = 1;
    var _ = demand();
    var _ = grant(5);
    waiting = 0;
    beats(19);
    assertThat(share.sleeps()).isFalse();
    beats(1);
    assertThat(share.sleeps()).isTrue();
    assertThat(share.current()).isZero();
  }

  @Test
  void aPlaceInUseKeepsTheOthersAwake() {
    share.follow(10);
    waiting = 1;
    var _ = demand();
    var _ = grant(5);
    waiting = 0;
    inUse = 1;
    beats(60);
    assertThat(share.current()).isEqualTo(5);
  }
}
