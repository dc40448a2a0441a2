package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.model.Verdict;
import org.junit.jupiter.api.Test;

/** Corners that a simulated destination does not reach; the simulations say what is wanted. */
class AdaptiveLimitTests {

  private static final Verdict OK = new Verdict.Succeeded(new Verdict.Reply(200, null));
  private static final Verdict BUSY = new Verdict.Retryable(new Verdict.Reply(429, null), null);
  private static final long MILLIS = 1_000_000;

  private long now;

  private AdaptiveLimit limit(int initial) {
    return new AdaptiveLimit(initial, 1, 50, () -> false, now);
  }

  /** Rounds of as many attempts at once as the limit allows. */
  private void rounds(AdaptiveLimit limit, int rounds, Verdict verdict, long millis) {
    for (int round = 0; round < rounds; round++) {
      int together = limit.current();
      long started = now;
      now += millis * MILLIS;
      for (int i = together; i > 0; i--) {
        limit.ended(verdict, started, now, i);
      }
    }
  }

  @Test
  void aSmallLimitGrowsAlthoughTheDestinationBecameSlower() {
    AdaptiveLimit slow = limit(1);
    for (int i = 0; i < 10; i++) {
      slow.ended(OK, now, now + 10 * MILLIS, 1);
      now += 10 * MILLIS;
    }
    rounds(slow, 2000, OK, 40);
    assertThat(slow.current()).isGreaterThan(20);
  }

  @Test
  void shrinksByBackPressureThatIsFinalForItsItemToo() {
    AdaptiveLimit limit = limit(8);
    rounds(limit, 20, OK, 50);
    int before = limit.current();
    rounds(limit, 1, new Verdict.Refused(new Verdict.Reply(429, null), null), 50);
    assertThat(limit.current()).isLessThan(before);
  }

  @Test
  void whatLearnedNothingIsRememberedAsItBegan() {
    assertThat(limit(8).lastGood()).isEqualTo(8);
  }

  @Test
  void refusalsAfterAPauseAreNoOutage() {
    AdaptiveLimit limit = limit(8);
    rounds(limit, 20, OK, 50);
    assertThat(limit.current()).isEqualTo(50);
    now += 60_000 * MILLIS;
    for (int i = 0; i < 13; i++) {
      limit.ended(BUSY, now, now + MILLIS, 50);
    }
    now += MILLIS;
    assertThat(limit.current()).isBetween(30, 40);
    rounds(limit, 10, OK, 50);
    assertThat(limit.current()).as("it does not double back to the refused limit").isLessThan(50);
  }

  @Test
  void aProcessThatIsSlowItselfSendsNoMore() {
    AdaptiveLimit limit = new AdaptiveLimit(8, 1, 50, () -> true, now);
    rounds(limit, 50, OK, 50);
    assertThat(limit.current()).isEqualTo(8);
  }

  @Test
  void needsItsBoundsInOrder() {
    assertThatIllegalArgumentException().isThrownBy(() -> limit(0));
    assertThatIllegalArgumentException().isThrownBy(() -> limit(51));
  }
}
