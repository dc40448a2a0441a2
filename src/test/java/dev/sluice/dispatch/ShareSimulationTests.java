package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What replicas send under a shared rate, in as many worlds as there are seeds. */
class ShareSimulationTests {

  private static final int RUNS = Integer.getInteger("sluice.sim.seeds", 300);
  private static final long FIRST = Long.getLong("sluice.sim.first", 0);

  @Test
  void replicasTogetherKeepARateAndUseAllOfIt() {
    Long seed = Long.getLong("sluice.sim.seed");
    if (seed != null) {
      assertThat(ShareSimulation.run(seed, null, System.out::println)).isEmpty();
      return;
    }
    List<String> failures = new ArrayList<>();
    for (long i = FIRST; i < FIRST + RUNS; i++) {
      failures.addAll(ShareSimulation.run(i, null));
    }
    assertThat(failures).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(ShareMutation.class)
  void whatIsBrokenOnPurposeIsFound(ShareMutation mutation) {
    assertThat(LongStream.range(0, RUNS))
        .anyMatch(seed -> !ShareSimulation.run(seed, mutation).isEmpty());
  }
}
