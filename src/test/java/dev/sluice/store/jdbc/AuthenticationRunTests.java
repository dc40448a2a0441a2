package dev.sluice.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.jdbc.AuthenticationRun.Length;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AuthenticationRunTests {

  private static Outcome outcome(int status, long millis) {
    OutcomeState state = status == 200 ? OutcomeState.SUCCEEDED : OutcomeState.FAILED;
    return new Outcome(millis, null, state, status, 1, 1, Instant.ofEpochMilli(millis), null, null);
  }

  private static Length length(int before, Outcome... outcomes) {
    AuthenticationRun run = new AuthenticationRun(before);
    for (Outcome outcome : outcomes) {
      run.add(outcome);
    }
    return run.length();
  }

  @Test
  void continuesTheRunOfEarlierOutcomes() {
    assertThat(length(5)).isEqualTo(new Length(5, 5));
    assertThat(length(5, outcome(401, 1), outcome(407, 2))).isEqualTo(new Length(7, 7));
    assertThat(length(5, outcome(200, 1))).isEqualTo(new Length(0, 0));
    assertThat(length(5, outcome(500, 1), outcome(403, 2))).isEqualTo(new Length(1, 1));
  }

  @Test
  void countsByTheTimeAtWhichItemsEnded() {
    assertThat(length(0, outcome(401, 1), outcome(401, 3), outcome(200, 2), outcome(200, 4)))
        .as("two shards of two destinations, by turns")
        .isEqualTo(new Length(1, 0));
    assertThat(length(0, outcome(401, 3), outcome(401, 1), outcome(401, 2), outcome(200, 4)))
        .isEqualTo(new Length(3, 0));
  }

  @Test
  void aStatusThatIsASuccessIsNoRefusal() {
    Outcome welcome =
        new Outcome(1, null, OutcomeState.SUCCEEDED, 401, 1, 1, Instant.EPOCH, null, null);
    assertThat(length(3, welcome)).isEqualTo(new Length(0, 0));
  }
}
