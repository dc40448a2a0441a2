package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.Ledger;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import dev.sluice.model.Delivery;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** SIGTERM under load: exit 0, nothing lost, nothing sent twice. */
class GracefulShutdownIT {

  private static final int ITEMS = 2_000;
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @ParameterizedTest
  @EnumSource
  void drainsGivesTheRestBackAndSendsNothingTwice(Delivery delivery, @TempDir Path directory) {
    try (TargetServer target = TargetServer.start().on("/x", Script.slow(Duration.ofMillis(200)));
        SluiceProcess sluice =
            SluiceProcess.in(directory, "--sluice.dispatch.concurrency=64").start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      String line = "{\"url\":\"" + target.url("/x") + "\"}";
      String id =
          client.submit(ITEMS, "delivery=" + delivery.name().toLowerCase(Locale.ROOT), _ -> line);
      Ledger ledger = target.ledger(id);
      await().atMost(LIMIT).until(() -> ledger.itemCount() >= 500);

      sluice.terminate();
      int exit = sluice.awaitExit(Duration.ofSeconds(45));

      assertThat(exit).as("exit code; log:%n%s", sluice.log()).isZero();
      long before = ledger.requestCount();
      assertThat(before).as("terminated in the middle").isBetween(500L, ITEMS - 1L);
      assertThat(target.answered(200)).as("every exchange ended").isEqualTo(before);

      sluice.start();
      assertThat(client.batch(id).path("counts").path("succeeded").asLong())
          .as("every answered item was stored")
          .isGreaterThanOrEqualTo(before);
      JsonNode batch = client.awaitFinished(id, LIMIT);

      Results results = Results.of(client, id, ITEMS);
      results.agreeWith(batch);
      assertThat(results.count("SUCCEEDED")).isEqualTo(ITEMS);
      assertThat(ledger.itemCount()).isEqualTo(ITEMS);
      assertThat(ledger.requestCount()).as("zero duplicates").isEqualTo(ITEMS);
    }
  }

  @Test
  void endsAtOnceWhenIdle(@TempDir Path directory) {
    try (SluiceProcess sluice = SluiceProcess.in(directory).start()) {
      sluice.terminate();

      assertThat(sluice.awaitExit(Duration.ofSeconds(20))).as(sluice.log()).isZero();
      assertThat(sluice.log()).doesNotContain("\tat ");
    }
  }
}
