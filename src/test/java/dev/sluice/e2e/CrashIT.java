package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.Ledger;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * SIGKILL in the middle: nothing accepted is lost, no item ends twice, and few are sent twice. The
 * number of items is {@code -Dsluice.crash.items}, 20,000 unless given.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CrashIT {

  private static final int ITEMS = Integer.getInteger("sluice.crash.items", 20_000);
  private static final int CONCURRENCY = 64;
  private static final int OUTCOME_BUFFER = 2_000;
  private static final int INTENT_WINDOW = 256;
  private static final Duration LIMIT = Duration.ofSeconds(120 + ITEMS / 1_000);

  private SluiceProcess sluice;
  private SluiceClient client;

  @BeforeAll
  void prepare(@TempDir Path directory) {
    sluice =
        SluiceProcess.in(
                directory,
                "--sluice.dispatch.concurrency=" + CONCURRENCY,
                "--sluice.dispatch.outcome-buffer=" + OUTCOME_BUFFER)
            .start();
    client = new SluiceClient(sluice.uri());
  }

  /** Each test leaves a process that runs, unless it failed. */
  @BeforeEach
  void start() {
    if (!sluice.isAlive()) {
      sluice.start();
    }
  }

  @AfterAll
  void stop() {
    client.close();
    sluice.close();
  }

  @Test
  void aKilledProcessContinuesWhereItWas() {
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200))) {
      String url = target.url("/x");
      String id =
          client.submit(
              ITEMS,
              "expectedItems=" + ITEMS,
              index -> "{\"id\":\"c-" + index + "\",\"url\":\"" + url + "\",\"body\":{\"n\":1}}");
      Ledger ledger = target.ledger(id);
      await()
          .atMost(LIMIT)
          .pollInterval(Duration.ofMillis(5))
          .until(() -> ledger.itemCount() >= ITEMS / 3);
      sluice.kill();
      assertThat(ledger.itemCount()).as("killed in the middle").isLessThan(ITEMS);

      sluice.start();
      JsonNode batch = client.awaitFinished(id, LIMIT);

      assertThat(batch.path("state").asString()).isEqualTo("COMPLETED");
      Results results = Results.of(client, id, ITEMS);
      assertThat(results.count("SUCCEEDED")).isEqualTo(ITEMS);
      assertThat(batch.path("counts").path("succeeded").asInt()).isEqualTo(ITEMS);
      assertThat(ledger.itemCount()).as("items that the server saw").isEqualTo(ITEMS);
      long duplicates = ledger.requestCount() - ITEMS;
      System.out.println("CrashIT: " + ITEMS + " items, " + duplicates + " sent twice");
      assertThat(duplicates)
          .as("items sent twice")
          .isBetween(0L, (long) CONCURRENCY + OUTCOME_BUFFER);
    }
  }

  @Test
  void nothingGoesTwiceWhenItMustNot() {
    int items = 15_000;
    int kills = 2;
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200))) {
      String url = target.url("/x");
      String id =
          client.submit(
              items,
              "delivery=at_most_once",
              index -> "{\"url\":\"" + url + "\",\"body\":{\"n\":1}}");
      Ledger ledger = target.ledger(id);
      for (int kill = 1; kill <= kills; kill++) {
        int seen = kill * items / 4;
        await()
            .atMost(LIMIT)
            .pollInterval(Duration.ofMillis(5))
            .until(() -> ledger.itemCount() >= seen);
        sluice.kill();
        sluice.start();
      }
      JsonNode batch = client.awaitFinished(id, LIMIT);

      JsonNode counts = batch.path("counts");
      System.out.println("CrashIT, at most once: " + counts);
      assertThat(ledger.requestCount()).as("requests seen").isEqualTo(ledger.itemCount());
      assertThat(counts.path("succeeded").asInt() + counts.path("inDoubt").asInt())
          .isEqualTo(items);
      // A kill leaves in doubt what was in flight or unflushed, and one window: there is one flow.
      assertThat(counts.path("inDoubt").asInt())
          .isBetween(1, kills * (CONCURRENCY + OUTCOME_BUFFER + INTENT_WINDOW));
      assertThat(ledger.itemCount())
          .as("seen, or in doubt without having been sent")
          .isGreaterThanOrEqualTo(items - kills * INTENT_WINDOW - kills * CONCURRENCY);
      assertThat(counts.path("succeeded").asInt()).isPositive();
      assertThat(ledger.itemCount()).isGreaterThanOrEqualTo(counts.path("succeeded").asInt());
    }
  }

  @Test
  void aKillDuringAnUploadLeavesNothingToSend() throws Exception {
    int before = batchCount();
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200));
        HttpClient http = HttpClient.newHttpClient()) {
      String line = "{\"url\":\"" + target.url("/x") + "\"}";
      CountDownLatch midway = new CountDownLatch(1);
      CountDownLatch killed = new CountDownLatch(1);
      HttpRequest upload =
          client
              .request("/v1/batches")
              .header("Content-Type", "application/x-ndjson")
              .POST(
                  SluiceClient.lines(
                      20_000,
                      index -> {
                        if (index == 15_000) {
                          midway.countDown();
                          awaitQuietly(killed);
                        }
                        return line;
                      }))
              .build();
      CompletableFuture<?> answer = http.sendAsync(upload, BodyHandlers.discarding());
      midway.await();
      sluice.kill();
      killed.countDown();
      assertThat(answer)
          .failsWithin(Duration.ofSeconds(20))
          .withThrowableThat()
          .withCauseInstanceOf(IOException.class);

      sluice.start();
      String id = client.submit(10, "", _ -> line);
      client.awaitFinished(id, LIMIT);

      assertThat(target.requestCount()).as("only the second batch was sent").isEqualTo(10);
      assertThat(batchCount()).as("batches").isEqualTo(before + 1);
    }
  }

  private int batchCount() {
    return client.get("/v1/batches?limit=200").json().path("data").size();
  }

  @Test
  void anAcceptedBatchSurvivesAKillRightAfterItsAnswer() throws Exception {
    try (TargetServer target = TargetServer.start().on("/x", Script.slow(Duration.ofMillis(20)));
        HttpClient http = HttpClient.newHttpClient()) {
      String line = "{\"url\":\"" + target.url("/x") + "\"}\n";
      int status =
          http.send(
                  client
                      .request("/v1/batches")
                      .header("Content-Type", "application/x-ndjson")
                      .header("Idempotency-Key", "once")
                      .POST(BodyPublishers.ofString(line.repeat(5_000)))
                      .build(),
                  BodyHandlers.discarding())
              .statusCode();
      sluice.kill();
      assertThat(status).isEqualTo(202);

      sluice.start();
      SluiceClient.Answer again =
          client.send(
              client
                  .request("/v1/batches")
                  .header("Content-Type", "application/x-ndjson")
                  .header("Idempotency-Key", "once")
                  .POST(BodyPublishers.ofString(line.repeat(5_000))));
      assertThat(again.status()).isEqualTo(202);
      assertThat(again.response().headers().firstValue("Idempotency-Replayed")).contains("true");
      client.awaitFinished(again.batchId(), LIMIT);
      assertThat(Results.of(client, again.batchId(), 5_000).count("SUCCEEDED")).isEqualTo(5_000);
      assertThat(target.ledger(again.batchId()).itemCount()).isEqualTo(5_000);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
