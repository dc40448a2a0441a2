package dev.sluice.e2e;

import static dev.sluice.fixture.Script.Ending.COMPLETE;
import static dev.sluice.fixture.Script.Ending.SILENCE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.Standstill;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * What ends or stops a batch by itself, or changes while it runs, with real destinations and across
 * kills.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SafetyGatesIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int CONCURRENCY = 8;

  /** Control reaches every batch within this. */
  private static final Duration FOLLOWED = Duration.ofSeconds(1);

  private static final String FAR = "2100-01-01T00:00:00Z";

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
    AtomicReference<Instant> late = new AtomicReference<>(Instant.MAX);
    try (TargetServer slow =
        TargetServer.start()
            .on(
                "/x",
                _ -> {
                  boolean isLate = Instant.now().isAfter(late.get());
                  return Script.Reply.of(isLate ? 418 : 200).after(Duration.ofMillis(50));
                })) {
      String id = client.submit(total, "deadline=" + FAR, _ -> item(slow));
      assertThat(client.batch(id).path("deadline").asString()).isEqualTo(FAR);
      client.awaitBatch(id, LIMIT, b -> b.path("counts").path("succeeded").asInt() > 0);
      Instant deadline = setDeadline(id);
      late.set(deadline.plusSeconds(1));

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

  /** Sets one that is so near that it passes in the middle, however late the first was sent. */
  private Instant setDeadline(String id) {
    Instant deadline = Instant.now().plusSeconds(3).truncatedTo(ChronoUnit.MILLIS);
    change(id, "{\"deadline\":\"" + deadline + "\"}");
    assertThat(client.batch(id).path("deadline").asString()).isEqualTo(deadline.toString());
    return deadline;
  }

  @Test
  void aDeadlineThatPassedWhileDownHoldsAfterTheStart() {
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200))) {
      String id = client.submit(500, "rate.permits=5", _ -> item(target));
      client.awaitBatch(id, LIMIT, b -> b.path("counts").path("succeeded").asInt() > 0);
      Instant deadline = setDeadline(id);
      sluice.kill();
      await(deadline);
      long sent = target.ledger(id).requestCount();
      sluice.start();
      JsonNode batch = client.awaitFinished(id, LIMIT);
      assertThat(target.ledger(id).requestCount()).isEqualTo(sent);
      Results.of(client, id, 500).agreeWith(batch);
    }
  }

  @Test
  void refusedCredentialsPauseABatchAndAResumeGoesOn() {
    int total = 2_000;
    AtomicInteger status = new AtomicInteger(401);
    try (TargetServer target =
        TargetServer.start()
            .on("/x", _ -> Script.Reply.of(status.get()).after(Duration.ofMillis(5)))) {
      String id = client.submit(total, "", _ -> item(target));
      JsonNode halted = client.awaitBatch(id, LIMIT, SafetyGatesIT::isQuietAndPaused);

      assertThat(halted.path("stateReason").path("code").asString()).isEqualTo("halted");
      assertThat(halted.path("stateReason").path("by").asString()).isEqualTo("sluice");
      assertThat(halted.path("stateReason").path("message").asString())
          .contains("haltOn.consecutiveAuthFailures is 20");
      long sent = target.ledger(id).requestCount();
      // The rule, one flush of 20 ms at 8 in flight of 5 ms each, and what was on the wire.
      assertThat(sent).isBetween(20L, 200L);

      sluice.kill();
      sluice.start();
      assertThat(client.batch(id).path("state").asString()).isEqualTo("PAUSED");
      status.set(200);
      assertThat(client.post("/v1/batches/" + id + "/resume").status()).isEqualTo(200);
      JsonNode batch = client.awaitFinished(id, LIMIT);

      Results results = Results.of(client, id, total);
      results.agreeWith(batch);
      assertThat(results.count("FAILED")).isBetween(20L, sent);
      assertThat(results.count("SUCCEEDED")).isEqualTo(total - results.count("FAILED"));
    }
  }

  @Test
  void tooManyFailuresCancelABatch() {
    int total = 5_000;
    try (TargetServer target =
        TargetServer.start().on("/x", _ -> Script.Reply.of(422).after(Duration.ofMillis(5)))) {
      String id =
          client.submit(
              total,
              "haltOn.failureRatio=0.5&haltOn.after=50&haltOn.action=cancel",
              _ -> item(target));
      JsonNode batch = client.awaitFinished(id, LIMIT);

      assertThat(batch.path("state").asString()).isEqualTo("CANCELLED");
      assertThat(batch.path("stateReason").path("code").asString()).isEqualTo("halted");
      Results results = Results.of(client, id, total);
      results.agreeWith(batch);
      assertThat(results.count("FAILED")).isBetween(50L, 300L);
      assertThat(results.count("FAILED")).isEqualTo(target.ledger(id).itemCount());
    }
  }

  @Test
  void aCanaryGoesFirstToEveryDestinationAndAKillDoesNotLoseIt() {
    int total = 2_000;
    int canary = 40;
    AtomicBoolean isAnswering = new AtomicBoolean();
    try (TargetServer quick = TargetServer.start().on("/x", Script.status(200));
        TargetServer slow =
            TargetServer.start()
                .on(
                    "/x",
                    _ ->
                        Script.Reply.of(200)
                            .after(Duration.ofSeconds(2))
                            .ending(isAnswering.get() ? COMPLETE : SILENCE))) {
      String id =
          client.submit(
              total,
              "canary.items=" + canary,
              index -> item(index % 2 == 0 || index > canary ? quick : slow));
      JsonNode held =
          client.awaitBatch(
              id, LIMIT, b -> b.path("counts").path("succeeded").asInt() >= canary / 2);
      assertThat(waitsForCanary(held)).isTrue();
      JsonNode explained = client.get("/v1/batches/" + id + "/explain").json();
      assertThat(waitsForCanary(explained)).as("%s", explained).isTrue();
      assertThat(quick.ledger(id).itemCount()).isEqualTo(canary / 2);

      sluice.kill();
      assertThat(slow.ledger(id).itemCount()).isLessThan(canary / 2);
      isAnswering.set(true);
      sluice.start();
      client.awaitBatch(id, LIMIT, b -> b.path("counts").path("inFlight").asInt() > 0);
      assertThat(quick.ledger(id).itemCount()).as("held after the kill").isEqualTo(canary / 2);

      JsonNode batch = client.awaitFinished(id, LIMIT);
      Results results = Results.of(client, id, total);
      results.agreeWith(batch);
      assertThat(results.count("SUCCEEDED")).isEqualTo(total);
    }
  }

  @Test
  void aFailedCanaryStopsTheBatchUntilSomebodyResumesIt() {
    int total = 1_000;
    int canary = 30;
    try (TargetServer target =
        TargetServer.start().on("/x", seen -> Script.Reply.of(indexOf(seen) < 10 ? 422 : 200))) {
      String id = client.submit(total, "canary.items=" + canary, _ -> item(target));
      JsonNode halted = client.awaitBatch(id, LIMIT, SafetyGatesIT::isQuietAndPaused);
      assertThat(halted.path("stateReason").path("code").asString()).isEqualTo("canary_failed");
      assertThat(halted.path("stateReason").path("message").asString())
          .startsWith("10 of the first 30 items were no success");
      assertThat(target.ledger(id).requestCount()).isEqualTo(canary);

      sluice.kill();
      sluice.start();
      assertThat(client.batch(id).path("state").asString()).isEqualTo("PAUSED");
      client.post("/v1/batches/" + id + "/resume");
      JsonNode batch = client.awaitFinished(id, LIMIT);
      Results results = Results.of(client, id, total);
      results.agreeWith(batch);
      assertThat(results.count("FAILED")).isEqualTo(10);
      assertThat(target.ledger(id).requestCount()).isEqualTo(total);
    }
  }

  @Test
  void aChangedRateHoldsWithinASecond() {
    int total = 2_000;
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200))) {
      String id = client.submit(total, "rate.permits=20", _ -> item(target));
      client.awaitBatch(id, LIMIT, b -> b.path("counts").path("succeeded").asInt() >= 20);

      change(id, "{\"rate\":{\"permits\":1,\"per\":\"1h\"}}");
      long sent = Standstill.of(target.ledger(id)::requestCount, Duration.ofSeconds(1), FOLLOWED);
      await(Instant.now().plusSeconds(2));
      assertThat(target.ledger(id).requestCount()).as("40 at the old rate").isEqualTo(sent);
      assertThat(client.batch(id).path("rate").path("per").asString()).isEqualTo("1h");

      // The lane waits for a turn in an hour; at the first rate the rest would take 90 s.
      change(id, "{\"rate\":{\"permits\":400,\"per\":\"1s\"}}");
      JsonNode batch = client.awaitFinished(id, LIMIT);

      Results results = Results.of(client, id, total);
      results.agreeWith(batch);
      assertThat(results.count("SUCCEEDED")).isEqualTo(total);
      assertThat(target.ledger(id).requestCount()).isEqualTo(total);
    }
  }

  private void change(String id, String patch) {
    SluiceClient.Answer answer = client.patch("/v1/batches/" + id, patch);
    assertThat(answer.status()).as("%s", answer.json()).isEqualTo(200);
  }

  private static int indexOf(Script.Seen seen) {
    return Integer.parseInt(seen.key().substring(seen.key().lastIndexOf('-') + 1));
  }

  private static boolean isQuietAndPaused(JsonNode batch) {
    return batch.path("state").asString().equals("PAUSED")
        && batch.path("counts").path("inFlight").asInt() == 0;
  }

  private static boolean waitsForCanary(JsonNode json) {
    for (JsonNode wait : json.path("waitingOn")) {
      if (wait.path("reason").asString().equals("canary") && wait.path("items").asLong() > 0) {
        return true;
      }
    }
    return false;
  }

  private static void await(Instant instant) {
    org.awaitility.Awaitility.await().until(() -> Instant.now().isAfter(instant));
  }
}
