package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code helm test} runs, against the API that it is for. */
class HelmTestIT {

  @TempDir private Path directory;

  @Test
  void passesAgainstARunningSluice() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "no curl here");
    try (SluiceProcess sluice = SluiceProcess.in(directory).start();
        TargetServer target = TargetServer.start().on("/x", Script.status(200))) {
      assertThat(run(sluice, "http://192.0.2.1/", false)).as("nobody's address").isZero();
      assertThat(run(sluice, target.url("/x"), true)).isZero();
      assertThat(run(sluice, target.url("/absent"), true)).isNotZero();
    }
  }

  private int run(SluiceProcess sluice, String url, boolean mustArrive) throws Exception {
    ProcessBuilder script =
        new ProcessBuilder("sh", "helm/sluice/files/test.sh")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("helm-test.log").toFile());
    script.environment().put("SLUICE", sluice.uri().toString());
    if (mustArrive) {
      script.environment().put("DESTINATION", url);
    }
    Process process = script.start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }
}
