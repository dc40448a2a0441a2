package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.PostgresServer;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.Standstill;
import dev.sluice.fixture.TargetServer;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Two replicas send one batch: either tells all of it, and what is asked of either holds on both.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AnyReplicaIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Control reaches every replica within a second; exchanges that had begun end a little later. */
  private static final Duration FOLLOWED = Duration.ofMillis(1_500);

  /** How long nothing comes of what was stopped. */
  private static final Duration QUIET = Duration.ofMillis(1_500);

  private final PostgresServer.Database database = PostgresServer.shared().newDatabase();
  private SluiceProcess first;
  private SluiceProcess second;
  private SluiceClient one;
  private SluiceClient other;

  @BeforeAll
  void start(@TempDir Path directory) {
    first = SluiceProcess.in(directory, database.arguments().toArray(String[]::new)).launch();
    second = first.rival().launch();
    assertThat(first.becomesReady()).as("%s", first.log()).isTrue();
    assertThat(second.becomesReady()).as("%s", second.log()).isTrue();
    one = new SluiceClient(first.uri());
    other = new SluiceClient(second.uri());
  }

  @AfterAll
  void stop() {
    one.close();
    other.close();
    second.close();
    first.close();
    PostgresServer.shared().drop(database);
  }

  private static String item(TargetServer target) {
    return "{\"url\":\"" + target.url("/x") + "\",\"body\":{\"n\":1}}";
  }

  private static long count(JsonNode batch, String name) {
    return batch.path("counts").path(name).asLong();
  }

  private static long requestsAfter(TargetServer target, Duration wait) {
    await().pollDelay(wait).until(() -> true);
    return target.requestCount();
  }

  @Test
  void whatIsOnTheWireOfBothIsToldByEither() {
    Duration slow = Duration.ofSeconds(6);
    try (TargetServer target = TargetServer.start().on("/x", Script.slow(slow))) {
      String id = one.submit(3_000, "", _ -> item(target));
      await()
          .atMost(LIMIT)
          .untilAsserted(
              () -> {
                long inFlight = target.requestCount() - target.answered(200);
                assertThat(inFlight).isGreaterThan(8);
                for (SluiceClient client : List.of(one, other)) {
                  assertThat(count(client.batch(id), "inFlight")).isEqualTo(inFlight);
                  JsonNode destination = client.get("/v1/destinations/" + target.pathKey()).json();
                  assertThat(destination.path("inFlight").asLong()).isEqualTo(inFlight);
                }
                assertThat(target.requestCount() - target.answered(200)).isEqualTo(inFlight);
              });
      assertThat(other.post("/v1/batches/" + id + "/cancel").status()).isEqualTo(200);
      one.awaitFinished(id, LIMIT);
    }
  }

  @Test
  void whatOneIsAskedHoldsOnBoth() {
    int total = 8_000;
    try (TargetServer target = TargetServer.start().on("/x", Script.slow(Duration.ofMillis(20)))) {
      String id = one.submit(total, "", _ -> item(target));
      await().atMost(LIMIT).until(() -> target.requestCount() > 200);

      JsonNode paused = other.post("/v1/batches/" + id + "/pause").json();
      assertThat(paused.path("state").asString()).isEqualTo("PAUSED");
      long held = Standstill.of(target::requestCount, QUIET, FOLLOWED);
      assertThat(held).as("paused in the middle").isLessThan(total);
      assertThat(requestsAfter(target, QUIET)).isEqualTo(held);
      for (SluiceClient client : List.of(one, other)) {
        JsonNode batch = client.awaitBatch(id, LIMIT, seen -> count(seen, "inFlight") == 0);
        assertThat(batch.path("state").asString()).isEqualTo("PAUSED");
        assertThat(count(batch, "succeeded")).isEqualTo(held);
        JsonNode explained = client.get("/v1/batches/" + id + "/explain").json();
        assertThat(explained.toString()).contains("paused");
      }

      assertThat(one.patch("/v1/batches/" + id, "{\"rate\":{\"permits\":20}}").status())
          .isEqualTo(200);
      assertThat(one.post("/v1/batches/" + id + "/resume").status()).isEqualTo(200);
      await().atMost(LIMIT).until(() -> target.requestCount() > held + 10);
      long from = requestsAfter(target, QUIET);
      long beganAt = System.nanoTime();
      long came = requestsAfter(target, Duration.ofSeconds(3)) - from;
      double seconds = (System.nanoTime() - beganAt) / 1e9;
      assertThat((double) came)
          .as("in %.1f s at 20/s", seconds)
          .isBetween(20 * seconds * 2 / 3, 20 * seconds + 15);
      assertThat(other.patch("/v1/batches/" + id, "{\"rate\":null}").status()).isEqualTo(200);

      String destination = "/v1/destinations/" + target.pathKey();
      assertThat(other.post(destination + "/pause").status()).isEqualTo(200);
      long stopped = Standstill.of(target::requestCount, QUIET, FOLLOWED);
      assertThat(stopped).as("stopped in the middle").isLessThan(total);
      assertThat(requestsAfter(target, QUIET)).isEqualTo(stopped);
      assertThat(one.get(destination).json().path("paused").isNull()).isFalse();
      assertThat(one.post(destination + "/resume").status()).isEqualTo(200);

      JsonNode end = other.awaitFinished(id, LIMIT);
      Results.of(one, id, total).agreeWith(end);
      Results.of(other, id, total).agreeWith(one.batch(id));
      assertThat(target.ledger(id).requestCount()).as("nothing twice").isEqualTo(total);
    }
  }

  @Test
  void theEventsOfABatchAreToldByEither() throws Exception {
    int total = 2_000;
    try (TargetServer target = TargetServer.start().on("/x", Script.slow(Duration.ofMillis(10)));
        HttpClient http = HttpClient.newHttpClient()) {
      String id = one.submit(total, "rate.permits=1000", _ -> item(target));
      HttpRequest request =
          HttpRequest.newBuilder(second.uri().resolve("/v1/batches/" + id + "/events"))
              .header("Accept", "text/event-stream")
              .timeout(LIMIT)
              .build();
      List<String> lines = new ArrayList<>();
      try (Stream<String> body = http.send(request, BodyHandlers.ofLines()).body()) {
        body.forEach(lines::add);
      }
      String last = lines.stream().filter(line -> line.startsWith("data:")).toList().getLast();
      assertThat(last).contains("COMPLETED").contains("\"succeeded\":" + total);
      assertThat(lines.stream().filter(line -> line.startsWith("data:")).count())
          .as("more than the end")
          .isGreaterThan(1);
    }
  }
}
