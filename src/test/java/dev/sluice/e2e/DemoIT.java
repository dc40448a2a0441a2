package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.SluiceProcess;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo as the README starts it, from the jar. */
class DemoIT {

  @Test
  void endsWithTenThousandOutcomesThatAddUp(@TempDir Path directory) {
    try (SluiceProcess demo =
        SluiceProcess.in(directory, "--spring.profiles.active=demo", "--sluice.demo.exit=true")
            .launch()) {

      int exit = demo.awaitExit(Duration.ofMinutes(2));

      assertThat(demo.log())
          .contains("everything adds up: 10,000 items, one outcome each")
          .containsPattern("COMPLETED after [0-9.]+ s: [0-9,]+ items/s")
          .containsPattern("failed +1[0-9]{2}\n")
          .containsPattern("p50 [0-9]+ ms, p99 [0-9]+ ms")
          .containsPattern("curl -s http://127.0.0.1:[0-9]+/v1/batches/bat_\\w+\n")
          .containsPattern(
              "curl -s 'http://127.0.0.1:[0-9]+/v1/batches/bat_\\w+/results\\?state=FAILED'")
          .containsPattern("curl -s http://127.0.0.1:[0-9]+/v1/batches/bat_\\w+/failures")
          .doesNotContain("\tat ", "Exception", "DOES NOT ADD UP", " WARN ", " ERROR ");
      assertThat(exit).isZero();
    }
  }
}
