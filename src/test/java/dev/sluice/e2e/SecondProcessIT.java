package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One data directory, one process. */
class SecondProcessIT {

  private static final int EX_CONFIG = 78;

  @Test
  void aSecondProcessRefusesToStartUntilTheHolderItNamesIsGone(@TempDir Path directory) {
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200));
        SluiceProcess holder = SluiceProcess.in(directory).start();
        SluiceProcess rival = holder.rival().launch();
        SluiceClient client = new SluiceClient(holder.uri())) {

      assertThat(rival.awaitExit(Duration.ofMinutes(3))).isEqualTo(EX_CONFIG);

      assertThat(rival.log()).contains(Long.toString(holder.pid())).doesNotContain("\tat ");
      String id = client.submit(10, "", _ -> "{\"url\":\"" + target.url("/x") + "\"}");
      client.awaitFinished(id, Duration.ofSeconds(30));
      assertThat(target.requestCount()).isEqualTo(10);

      holder.kill();
      rival.start();

      assertThat(rival.isAlive()).isTrue();
    }
  }
}
