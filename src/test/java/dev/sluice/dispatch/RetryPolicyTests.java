package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.RetryOptions;
import dev.sluice.model.RetryOptions.Jitter;
import dev.sluice.model.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryPolicyTests {

  private static final Verdict LOST = new Verdict.MaybeSent(new Verdict.Failure("reset", "reset"));
  private static final Verdict UNSENT = new Verdict.NotSent(new Verdict.Failure("dns", "dns"));

  private static RetryPolicy policy(Jitter jitter, String... on) {
    return new RetryPolicy(
        new RetryOptions(
            10,
            Duration.ofMillis(100),
            2,
            Duration.ofSeconds(1),
            Duration.ofMinutes(1),
            jitter,
            List.of(on),
            List.of(),
            0.2),
        new Random(7));
  }

  private static List<Long> waits(Jitter jitter, int attempts, long lastMillis) {
    RetryPolicy policy = policy(jitter, "not_sent", "maybe_sent");
    List<Long> waits = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      Duration wait = policy.nextWait(LOST, attempts, attempts, 0, lastMillis * 1_000_000);
      assertThat(wait).isNotNull();
      waits.add(wait.toMillis());
    }
    return waits;
  }

  /** Bounds are reached within a few percent by 2,000 draws. */
  @ParameterizedTest
  @CsvSource({
    "FULL, 1, 0, 0, 100",
    "FULL, 3, 0, 0, 400",
    "FULL, 9, 0, 0, 1000",
    "EQUAL, 1, 0, 50, 100",
    "EQUAL, 3, 0, 200, 400",
    "EQUAL, 9, 0, 500, 1000",
    "DECORRELATED, 1, 0, 100, 300",
    "DECORRELATED, 2, 250, 100, 750",
    "DECORRELATED, 5, 900, 100, 1000",
    "NONE, 1, 0, 100, 100",
    "NONE, 3, 0, 400, 400",
    "NONE, 9, 0, 1000, 1000",
  })
  void spreadsWaits(Jitter jitter, int attempts, long lastMillis, long least, long most) {
    List<Long> waits = waits(jitter, attempts, lastMillis);
    long margin = (most - least) / 20;
    assertThat(waits).allMatch(wait -> wait >= least && wait <= most);
    assertThat(waits).anyMatch(wait -> wait <= least + margin);
    assertThat(waits).anyMatch(wait -> wait >= most - margin);
  }

  @Test
  void stopsWhenTriesAndWaitsHaveTakenTooLong() {
    RetryPolicy policy = policy(Jitter.NONE, "maybe_sent");
    long minute = Duration.ofMinutes(1).toNanos();
    assertThat(policy.nextWait(LOST, 1, 1, minute - Duration.ofMillis(101).toNanos(), 0))
        .isNotNull();
    assertThat(policy.nextWait(LOST, 1, 1, minute - Duration.ofMillis(99).toNanos(), 0)).isNull();
  }

  @Test
  void stopsAfterTheTriesThatCount() {
    RetryPolicy policy = policy(Jitter.NONE, "maybe_sent");
    assertThat(policy.nextWait(LOST, 30, 9, 0, 0)).isNotNull();
    assertThat(policy.nextWait(LOST, 10, 10, 0, 0)).isNull();
  }

  @Test
  void triesOnlyWhatTheBatchNamesAgain() {
    assertThat(policy(Jitter.FULL, "not_sent").nextWait(LOST, 1, 1, 0, 0)).isNull();
    assertThat(policy(Jitter.FULL, "not_sent").nextWait(UNSENT, 1, 1, 0, 0)).isNotNull();
    assertThat(policy(Jitter.FULL, "maybe_sent").nextWait(UNSENT, 1, 1, 0, 0)).isNull();
  }
}
