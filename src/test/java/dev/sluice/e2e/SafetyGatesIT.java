package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What ends or stops a batch by itself, with real destinations and across kills. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SafetyGatesIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int CONCURRENCY = 8;

  private SluiceProcess sluice;
  private SluiceClient client;

  @BeforeAll
  void start(@TempDir Path directory) {
    sluice = SluiceProcess.in(directory, "--sluice.dispatch.concurrency=" + CONCURRENCY).start();
    client = new SluiceClient(sluice.uri());
  }

  @AfterAll
  void stop() {
    client.close();
    sluice.close();
  }

  private static String item(TargetServer target) {
    return "{\"url\":\"" + target.url("/x") + "\",\"body\":{\"n\":1}}";
  }

  @Test
  void nothingIsSentAfterTheDeadline() {
    int total = 3_000;
    Instant deadline = Instant.now().plusSeconds(4);
    try (TargetServer slow =
        TargetServer.start()
            .on(
                "/x",
                _ -> {
                  boolean late = Instant.now().isAfter(deadline.plusSeconds(1));
                  return Script.Reply.of(late ? 418 : 200).after(Duration.ofMillis(50));
                })) {
      String id = client.submit(total, "deadline=" + deadline, _ -> item(slow));
      assertThat(client.batch(id).path("deadline").asString()).isEqualTo(deadline.toString());

      JsonNode batch = client.awaitFinished(id, LIMIT);

      assertThat(batch.path("state").asString()).isEqualTo("COMPLETED");
      assertThat(batch.path("stateReason").path("code").asString()).isEqualTo("deadline");
      Results results = Results.of(client, id, total);
      results.agreeWith(batch);
      assertThat(results.count("SUCCEEDED")).isEqualTo(slow.ledger(id).itemCount()).isPositive();
      assertThat(results.count("EXPIRED")).isEqualTo(total - results.count("SUCCEEDED"));
      assertThat(slow.answered(418)).as("sent a second too late").isZero();
    }
  }

  @Test
  void aDeadlineThatPassedWhileDownHoldsAfterTheStart() {
    Instant deadline = Instant.now().plusSeconds(3);
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200))) {
      String id = client.submit(500, "deadline=" + deadline + "&rate.permits=5", _ -> item(target));
      client.awaitBatch(id, LIMIT, b -> b.path("counts").path("succeeded").asInt() > 0);
      sluice.kill();
      await(deadline);
      long sent = target.ledger(id).requestCount();
      sluice.start();
      JsonNode batch = client.awaitFinished(id, LIMIT);
      assertThat(target.ledger(id).requestCount()).isEqualTo(sent);
      Results.of(client, id, 500).agreeWith(batch);
    }
  }

  private static void await(Instant instant) {
    org.awaitility.Awaitility.await().until(() -> Instant.now().isAfter(instant));
  }
}
