package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.SluiceProcess;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nobody opens the API to strangers without saying so. */
class SafeStartIT {

  private static final int EX_CONFIG = 78;

  /** No address is every address, which is easily missed; more of them are unit tests. */
  @Test
  void aBindBeyondLoopbackIsRefusedWithTheLinesThatMendIt(@TempDir Path directory) {
    try (SluiceProcess process = SluiceProcess.in(directory, "--server.address=").launch()) {
      assertThat(process.awaitExit(Duration.ofMinutes(3))).isEqualTo(EX_CONFIG);
      assertThat(process.log())
          .contains("server.address=127.0.0.1", "sluice.security.insecure=true")
          .doesNotContain("\tat ");
      assertThat(process.dataDirectory()).doesNotExist();
    }
  }

  @Test
  void anOperatorCanOpenItAllTheSame(@TempDir Path directory) {
    try (SluiceProcess process =
        SluiceProcess.in(directory, "--server.address=0.0.0.0", "--sluice.security.insecure=true")
            .start()) {
      assertThat(process.log()).contains("WARN").contains("sluice.security.insecure");
      assertThat(Metrics.scrape(process).sum("sluice_security_insecure")).isEqualTo(1);
    }
  }

  @Test
  void onLoopbackNothingIsToBeSet(@TempDir Path directory) {
    try (SluiceProcess process = SluiceProcess.in(directory).start()) {
      assertThat(process.log()).doesNotContain("WARN", "password");
      assertThat(Metrics.scrape(process).sum("sluice_security_insecure")).isZero();
    }
  }
}
