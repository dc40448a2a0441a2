package dev.sluice.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Every fault of the catalogue, in both delivery modes: all items end as they must and in time, and
 * nothing is left over. {@code -Dsluice.hostile.items} is the number of items per fault and mode,
 * 50 unless given; {@code -Dsluice.hostile.only} names one fault.
 */
@Isolated("it bounds how late a deadline may be")
class HostileDestinationIT {

  private static final int ITEMS = Integer.getInteger("sluice.hostile.items", 50);
  private static final String ONLY = System.getProperty("sluice.hostile.only", "");
  private static final Duration TIMEOUT = Duration.ofMillis(1500);
  private static final long MOST_OVERSHOOT_MILLIS = 250;

  @Test
  void everyFaultEndsAsItMustAndLeavesNothingOver(@TempDir Path directory) throws IOException {
    assertThat(Faults.all()).hasSizeGreaterThanOrEqualTo(35).doesNotHaveDuplicates();
    List<FaultResult> results = new ArrayList<>();
    try (HostileSluice sluice =
        new HostileSluice(directory, "-Xmx512m", HostileSluice.CONCURRENCY)) {
      HostileRun run = new HostileRun(sluice.client(), ITEMS, TIMEOUT);
      for (List<Fault> wave :
          ONLY.isEmpty() ? Faults.waves() : List.of(List.of(Faults.named(ONLY)))) {
        for (FaultResult result : run.meet(wave, HostileRun.MODES)) {
          System.out.println(result);
          results.add(result);
        }
      }
      assertThat(sluice.leaks()).matches(left -> left.count() == 0, "nothing left over");
      assertThat(Places.count(sluice.client(), HostileSluice.IN_FLIGHT, HostileSluice.CONCURRENCY))
          .as("attempts that can be in flight at once")
          .isEqualTo(HostileSluice.IN_FLIGHT);
      assertThat(sluice.process().log()).doesNotContain("indicates a bug");
    }
    assertThat(results.stream().flatMap(result -> result.complaints().stream())).isEmpty();
    assertThat(results)
        .allSatisfy(
            result ->
                assertThat(result.overshootMillis())
                    .as("p99 deadline overshoot in ms: %s", result)
                    .isLessThanOrEqualTo(MOST_OVERSHOOT_MILLIS));
  }
}
