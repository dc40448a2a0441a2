package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.Ledger;
import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.Standstill;
import dev.sluice.fixture.TargetServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Everything sent, stored and reported; every counter equals what the servers saw. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MainJobIT {

  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final int CONCURRENCY = 16;

  /** How soon dispatch follows. */
  private static final Duration FOLLOWED = Duration.ofSeconds(1);

  private static final String FAST_RETRIES = "retry.minBackoff=20ms&retry.maxBackoff=100ms";

  private final List<TargetServer> targets = new ArrayList<>();
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
    targets.forEach(TargetServer::close);
  }

  private TargetServer target(String path, Script script) {
    TargetServer target = TargetServer.start().on(path, script);
    targets.add(target);
    return target;
  }

  private static String item(String url) {
    return "{\"url\":\"" + url + "\",\"body\":{\"n\":1}}";
  }

  @Test
  void everyCounterEqualsWhatTheServersSaw() {
    int total = 1_200;
    int deadEvery = 200;
    TargetServer fast = target("/x", Script.status(200));
    TargetServer slow = target("/x", Script.slow(Duration.ofMillis(250)));
    // A third of the items fails, so the breaker stays closed.
    TargetServer flaky =
        target("/x", seen -> Script.Reply.of(index(seen) % 3 == 1 && seen.seen() <= 2 ? 503 : 200));
    TargetServer refusing = target("/x", Script.status(422));
    int deadPort = TargetServer.deadPort();
    Metrics before = Metrics.scrape(sluice);

    String id =
        client.submit(
            total,
            FAST_RETRIES + "&retry.maxAttempts=3",
            index -> {
              if (index % deadEvery == 0) {
                return item("http://127.0.0.1:" + deadPort + "/x");
              }
              return item(List.of(fast, flaky, slow, refusing).get(index % 4).url("/x"));
            });
    JsonNode batch = client.awaitFinished(id, LIMIT);

    assertThat(batch.path("state").asString()).isEqualTo("COMPLETED");
    assertThat(batch.path("result").asString()).isEqualTo("some_failed");
    Results results = Results.of(client, id, total);
    results.agreeWith(batch);
    int dead = total / deadEvery;
    assertThat(results.count("FAILED")).isEqualTo(dead + refusing.ledger(id).itemCount());
    assertThat(results.count("SUCCEEDED")).isEqualTo(total - results.count("FAILED"));
    for (int index = 0; index < total; index++) {
      int seen = 0;
      for (TargetServer target : List.of(fast, slow, flaky, refusing)) {
        seen += target.ledger(id).count(index);
      }
      if (index % deadEvery == 0) {
        assertThat(seen).isZero();
        assertThat(results.attempts(index)).isEqualTo(3);
      } else {
        Ledger ledger = List.of(fast, flaky, slow, refusing).get(index % 4).ledger(id);
        assertThat(ledger.attemptsAreOneTo(index, results.attempts(index)))
            .as("attempts 1..%d of item %d, each once", results.attempts(index), index)
            .isTrue();
        assertThat(ledger.mostAtOnce(index)).isEqualTo(1);
      }
    }
    for (TargetServer target : List.of(fast, slow, flaky, refusing)) {
      assertThat(target.withoutKey()).isZero();
      assertThat(target.withoutAttempt()).isZero();
      assertThat(target.mostInFlight()).isBetween(1, CONCURRENCY);
    }
    assertThat(slow.mostInFlight()).isEqualTo(CONCURRENCY);
    // What is told after a commit may be told a moment after it is seen.
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                metersAgree(
                    before, results, List.of(fast, slow, flaky, refusing), total, dead * 3));
    failuresAgree(id, dead, refusing);
  }

  private void metersAgree(
      Metrics before, Results results, List<TargetServer> servers, int total, int notSent) {
    Metrics after = Metrics.scrape(sluice);
    long requests = servers.stream().mapToLong(TargetServer::requestCount).sum();
    assertThat(growth(before, after, "sluice_items_accepted_total")).isEqualTo(total);
    assertThat(growth(before, after, "sluice_items_settled_total", "state=\"succeeded\""))
        .isEqualTo(results.count("SUCCEEDED"));
    assertThat(growth(before, after, "sluice_items_settled_total", "state=\"failed\""))
        .isEqualTo(results.count("FAILED"));
    assertThat(growth(before, after, "sluice_items_settled_total")).isEqualTo(total);
    assertThat(growth(before, after, "sluice_attempts_started_total"))
        .isEqualTo(requests + notSent)
        .isEqualTo(results.attemptCount());
    assertThat(ended(before, after, "succeeded")).isEqualTo(answered(servers, 200));
    assertThat(ended(before, after, "retryable")).isEqualTo(answered(servers, 503));
    assertThat(ended(before, after, "refused")).isEqualTo(answered(servers, 422));
    assertThat(ended(before, after, "not_sent")).isEqualTo(notSent);
    assertThat(ended(before, after, "maybe_sent")).isZero();
    assertThat(growth(before, after, "sluice_retries_total"))
        .isEqualTo(results.attemptCount() - total);
  }

  private static long growth(Metrics before, Metrics after, String name, String... tags) {
    return after.sum(name, tags) - before.sum(name, tags);
  }

  private static long ended(Metrics before, Metrics after, String verdict) {
    return growth(before, after, "sluice_attempts_ended_total", "verdict=\"" + verdict + "\"");
  }

  private static long answered(List<TargetServer> servers, int status) {
    return servers.stream().mapToLong(server -> server.answered(status)).sum();
  }

  private void failuresAgree(String id, int dead, TargetServer refusing) {
    long refused = 0;
    long unconnected = 0;
    for (JsonNode group : client.get("/v1/batches/" + id + "/failures").json()) {
      if (group.path("statusCode").asInt(0) == 422) {
        refused += group.path("count").asLong();
      } else if (group.path("errorCode").asString("").equals("connect")) {
        unconnected += group.path("count").asLong();
      }
    }
    assertThat(refused).isEqualTo(refusing.ledger(id).itemCount());
    assertThat(unconnected).isEqualTo(dead);
  }

  private static int index(Script.Seen seen) {
    return Integer.parseInt(seen.key().substring(seen.key().lastIndexOf('-') + 1));
  }

  @Test
  void aDeadDestinationHurtsNoOther() {
    int total = 2_000;
    TargetServer fast = target("/x", Script.status(200));
    int deadPort = TargetServer.deadPort();

    String id =
        client.submit(
            total,
            FAST_RETRIES,
            index -> item(index % 2 == 0 ? fast.url("/x") : "http://127.0.0.1:" + deadPort + "/x"));

    JsonNode batch =
        client.awaitBatch(id, LIMIT, b -> b.path("counts").path("succeeded").asLong() == total / 2);
    assertThat(fast.ledger(id).requestCount()).isEqualTo(total / 2);
    assertThat(batch.path("state").asString()).isEqualTo("RUNNING");

    assertThat(client.post("/v1/batches/" + id + "/cancel").status()).isEqualTo(200);
    JsonNode cancelled = client.awaitFinished(id, LIMIT);
    assertThat(cancelled.path("state").asString()).isEqualTo("CANCELLED");
    Results results = Results.of(client, id, total);
    assertThat(results.count("SUCCEEDED")).isEqualTo(total / 2);
    assertThat(results.count("CANCELLED") + results.count("FAILED")).isEqualTo(total / 2);
  }

  @Test
  void pauseHoldsAndResumeContinues() {
    int total = 6_000;
    TargetServer slow = target("/x", Script.slow(Duration.ofMillis(40)));
    String id = client.submit(total, "", _ -> item(slow.url("/x")));
    await().atMost(LIMIT).until(() -> slow.requestCount() > 20);

    assertThat(client.post("/v1/batches/" + id + "/pause").json().path("state").asString())
        .isEqualTo("PAUSED");
    // Dispatch follows within a second; from then on nothing more arrives.
    long held = Standstill.of(slow::requestCount, Duration.ofSeconds(1), FOLLOWED);
    assertThat(held).isLessThan(total);
    assertThat(countAfter(slow, Duration.ofSeconds(2))).isEqualTo(held);
    JsonNode paused = client.awaitBatch(id, LIMIT, b -> count(b, "inFlight") == 0);
    assertThat(count(paused, "succeeded")).isEqualTo(slow.answered(200));

    assertThat(client.post("/v1/batches/" + id + "/resume").status()).isEqualTo(200);
    JsonNode batch = client.awaitFinished(id, LIMIT);
    Results results = Results.of(client, id, total);
    results.agreeWith(batch);
    assertThat(results.count("SUCCEEDED")).isEqualTo(total);
    assertThat(slow.ledger(id).requestCount()).isEqualTo(total);
  }

  private static long countAfter(TargetServer target, Duration wait) {
    await().pollDelay(wait).until(() -> true);
    return target.requestCount();
  }

  private static long count(JsonNode batch, String name) {
    return batch.path("counts").path(name).asLong();
  }

  @Test
  void cancelEndsWhatWasNotSent() {
    int total = 20_000;
    TargetServer slow = target("/x", Script.slow(Duration.ofMillis(50)));
    String id = client.submit(total, "", _ -> item(slow.url("/x")));
    await().atMost(LIMIT).until(() -> slow.requestCount() > 20);

    assertThat(client.post("/v1/batches/" + id + "/cancel").status()).isEqualTo(200);
    JsonNode batch = client.awaitFinished(id, LIMIT);

    assertThat(batch.path("state").asString()).isEqualTo("CANCELLED");
    Results results = Results.of(client, id, total);
    results.agreeWith(batch);
    assertThat(results.count("SUCCEEDED") + results.count("CANCELLED") + results.count("IN_DOUBT"))
        .isEqualTo(total);
    assertThat(slow.ledger(id).requestCount())
        .isBetween(results.count("SUCCEEDED"), results.count("SUCCEEDED") + CONCURRENCY);
  }

  @Test
  void redriveSendsWhatFailedAgainUnderTheSameKey() {
    int total = 300;
    TargetServer mended =
        target("/x", seen -> Script.Reply.of(index(seen) % 3 == 0 && seen.seen() == 1 ? 400 : 200));
    String id = client.submit(total, "", _ -> item(mended.url("/x")));
    client.awaitFinished(id, LIMIT);

    SluiceClient.Answer redriven =
        client.post("/v1/batches/" + id + "/redrive", "{\"filter\":{\"state\":\"FAILED\"}}");

    assertThat(redriven.status()).as("%s", redriven.json()).isEqualTo(202);
    assertThat(redriven.json().path("parentId").asString()).isEqualTo(id);
    JsonNode child = client.awaitFinished(redriven.batchId(), LIMIT);
    assertThat(child.path("counts").path("succeeded").asInt()).isEqualTo(total / 3);
    for (int index = 0; index < total; index++) {
      assertThat(mended.ledger(id).count(index)).isEqualTo(index % 3 == 0 ? 2 : 1);
    }
  }

  @Test
  void aPausedDestinationWaitsWhileOthersGoOn() {
    TargetServer paused = target("/x", Script.status(200));
    TargetServer other = target("/x", Script.status(200));
    String first = client.submit(1, "", _ -> item(paused.url("/x")));
    client.awaitFinished(first, LIMIT);
    SluiceClient.Answer answer = client.post("/v1/destinations/" + paused.pathKey() + "/pause");
    assertThat(answer.status()).as("%s", answer.json()).isEqualTo(200);
    await()
        .atMost(LIMIT)
        .until(
            () ->
                !client.get("/v1/destinations/" + paused.pathKey()).json().path("paused").isNull());

    String id = client.submit(200, "", index -> item((index % 2 == 0 ? paused : other).url("/x")));
    client.awaitBatch(id, LIMIT, b -> b.path("counts").path("succeeded").asInt() == 100);
    assertThat(other.ledger(id).requestCount()).isEqualTo(100);
    await()
        .during(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(2))
        .until(() -> paused.ledger(id).requestCount() == 0);

    assertThat(client.post("/v1/destinations/" + paused.pathKey() + "/resume").status())
        .isEqualTo(200);
    client.awaitFinished(id, LIMIT);
    assertThat(paused.ledger(id).requestCount()).isEqualTo(100);
  }

  @Test
  void retryAfterHoldsTheDestination() {
    TargetServer busy =
        target(
            "/x",
            seen ->
                index(seen) == 0 && seen.seen() == 1
                    ? Script.Reply.of(429).header("Retry-After", "1")
                    : Script.Reply.of(200));
    String id = client.submit(50, "concurrency=1&" + FAST_RETRIES, _ -> item(busy.url("/x")));

    JsonNode batch = client.awaitFinished(id, LIMIT);

    assertThat(batch.path("result").asString()).isEqualTo("all_succeeded");
    assertThat(busy.ledger(id).count(0)).isEqualTo(2);
    assertThat(busy.ledger(id).requestCount()).isEqualTo(51);
    Duration taken =
        Duration.between(
            Instant.parse(batch.path("startedAt").asString()),
            Instant.parse(batch.path("finishedAt").asString()));
    assertThat(taken).isGreaterThanOrEqualTo(Duration.ofMillis(900));
  }

  @Test
  void hostileAnswersCostAnAttemptAndNothingElse() {
    TargetServer hostile =
        target("/reset", _ -> Script.Reply.of(200).ending(Script.Ending.RESET))
            .on("/endless", _ -> Script.Reply.of(200).ending(Script.Ending.ENDLESS))
            .on("/silent", _ -> Script.Reply.of(200).ending(Script.Ending.SILENCE));
    List<String> paths = List.of("/reset", "/endless", "/silent");

    String id =
        client.submit(
            3,
            FAST_RETRIES + "&retry.maxAttempts=2&timeout=1500ms",
            index -> item(hostile.url(paths.get(index))));
    JsonNode batch = client.awaitFinished(id, LIMIT);

    Results results = Results.of(client, id, 3);
    results.agreeWith(batch);
    // A status line that came is a verdict, whatever its body does; no reply leaves doubt.
    assertThat(results.count("SUCCEEDED")).isEqualTo(1);
    assertThat(results.count("IN_DOUBT")).isEqualTo(2);
    assertThat(hostile.ledger(id).count(0)).isEqualTo(2);
    assertThat(hostile.ledger(id).count(1)).isEqualTo(1);
    assertThat(hostile.ledger(id).count(2)).isEqualTo(2);
  }

  @Test
  void theManualNamesEveryMetric() throws IOException {
    String manual = Files.readString(Path.of("README.md"));

    List<String> names =
        Metrics.scrape(sluice).series().keySet().stream()
            .filter(series -> series.startsWith("sluice_"))
            .map(series -> series.replaceFirst("\\{.*", ""))
            .map(name -> name.replaceFirst("_(bucket|count|sum|max)$", ""))
            .distinct()
            .toList();

    assertThat(names).hasSizeGreaterThan(15);
    assertThat(names.stream().filter(name -> !manual.contains('`' + name + '`'))).isEmpty();
  }
}
