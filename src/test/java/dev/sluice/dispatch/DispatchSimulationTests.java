package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The guarantees of dispatch, in as many worlds as there are seeds. */
class DispatchSimulationTests {

  private static final int RUNS = Integer.getInteger("sluice.sim.seeds", 2000);
  private static final long FIRST = Long.getLong("sluice.sim.first", 0);
  private static final int RUNS_TO_FIND_A_MUTATION = 2000;

  @Test
  void everyLawHoldsInEveryWorld() {
    Long seed = Long.getLong("sluice.sim.seed");
    if (seed != null) {
      assertThat(DispatchSimulation.replay(seed, System.out::println)).isNull();
      return;
    }
    DispatchSimulation.Result result = DispatchSimulation.run(FIRST, RUNS);
    assertThat(result.failures()).isEmpty();
    assertThat(result.runCount()).isEqualTo(RUNS);
  }

  @Test
  void aSeedIsTheSameWorldWheneverItRuns() {
    assertThat(trace(1706)).hasSizeGreaterThan(50).isEqualTo(trace(1706)).isNotEqualTo(trace(1707));
  }

  private static List<String> trace(long seed) {
    List<String> lines = new ArrayList<>();
    assertThat(DispatchSimulation.replay(seed, lines::add)).isNull();
    return lines;
  }

  @ParameterizedTest
  @EnumSource(Mutation.class)
  void whatIsBrokenOnPurposeIsFound(Mutation mutation) {
    assertThat(DispatchSimulation.run(0, RUNS_TO_FIND_A_MUTATION, mutation).failures())
        .isNotEmpty();
  }
}
