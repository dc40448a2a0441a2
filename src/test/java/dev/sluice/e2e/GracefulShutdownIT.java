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
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** SIGTERM under load: exit 0, nothing lost, nothing sent twice, whatever the delivery. */
class GracefulShutdownIT {

  private static final int ITEMS = 1_200;
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Test
  void drainsGivesTheRestBackSendsNothingTwiceAndEndsAtOnceWhenIdle(@TempDir Path directory) {
    try (TargetServer target = TargetServer.start().on("/x", Script.slow(Duration.ofMillis(200)));
        SluiceProcess sluice =
            SluiceProcess.in(directory, "--sluice.dispatch.concurrency=64").start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      String line = "{\"url\":\"" + target.url("/x") + "\"}";
      Map<Delivery, String> ids = new EnumMap<>(Delivery.class);
      for (Delivery delivery : Delivery.values()) {
        String name = delivery.name().toLowerCase(Locale.ROOT);
        ids.put(delivery, client.submit(ITEMS, "delivery=" + name, _ -> line));
      }
      await()
          .atMost(LIMIT)
          .until(() -> ids.values().stream().allMatch(id -> target.ledger(id).itemCount() >= 200));

      sluice.terminate();
      int exit = sluice.awaitExit(Duration.ofSeconds(45));

      assertThat(exit).as("exit code; log:%n%s", sluice.log()).isZero();
      Map<Delivery, Long> before = new EnumMap<>(Delivery.class);
      ids.forEach((delivery, id) -> before.put(delivery, target.ledger(id).requestCount()));
      assertThat(before.values())
          .as("terminated in the middle")
          .allSatisfy(count -> assertThat(count).isBetween(200L, ITEMS - 1L));
      assertThat(target.answered(200)).as("every exchange ended").isEqualTo(target.requestCount());

      sluice.start();
      ids.forEach(
          (delivery, id) ->
              assertThat(client.batch(id).path("counts").path("succeeded").asLong())
                  .as("every answered item was stored")
                  .isGreaterThanOrEqualTo(before.get(delivery)));
      for (String id : ids.values()) {
        JsonNode batch = client.awaitFinished(id, LIMIT);
        Results results = Results.of(client, id, ITEMS);
        results.agreeWith(batch);
        assertThat(results.count("SUCCEEDED")).isEqualTo(ITEMS);
        Ledger ledger = target.ledger(id);
        assertThat(ledger.itemCount()).isEqualTo(ITEMS);
        assertThat(ledger.requestCount()).as("zero duplicates").isEqualTo(ITEMS);
      }

      sluice.terminate();

      assertThat(sluice.awaitExit(Duration.ofSeconds(20))).as(sluice.log()).isZero();
      assertThat(sluice.log()).doesNotContain("\tat ");
    }
  }
}
