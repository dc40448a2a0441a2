package dev.sluice.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Script;
import dev.sluice.fixture.TargetServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The demo against a scripted API: what it says and how it ends. */
class DemoRunTests {

  private static final String FINISHED =
      """
      {"id":"bat_1","state":"COMPLETED","counts":{"total":2,"pending":0,"inFlight":0,"succeeded":1,\
      "failed":1,"expired":0,"cancelled":0,"rejected":0,"inDoubt":0},"attempts":3,\
      "sealedAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-01T00:00:02Z"}""";
  private static final String RESULTS =
      """
      {"seq":1,"index":1,"state":"FAILED","attempts":1,"latencyMs":30}
      {"seq":2,"index":0,"state":"SUCCEEDED","attempts":2,"latencyMs":7}
      """;

  private final TargetServer api = TargetServer.start();
  private final SampleDestination destination = new SampleDestination(new SampleAnswers());
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final ConcurrentMap<String, String> submitted = new ConcurrentHashMap<>();
  private final DemoRun run = run(0);

  private DemoRun run(int singleBatches) {
    return new DemoRun(
        new DemoProperties(2, true, Duration.ofSeconds(20), singleBatches),
        destination,
        new Terminal(new PrintStream(output, true, StandardCharsets.UTF_8), false));
  }

  @BeforeEach
  void start() throws Exception {
    destination.start();
    try (HttpClient http = HttpClient.newHttpClient()) {
      for (int index = 0; index < 2; index++) {
        http.send(
            HttpRequest.newBuilder(URI.create(destination.url(index)))
                .POST(BodyPublishers.noBody())
                .build(),
            BodyHandlers.discarding());
      }
    }
    api.on(
        "/v1/batches",
        seen -> {
          submitted.put("uri", seen.uri());
          submitted.put("body", new String(seen.body(), StandardCharsets.UTF_8));
          return Script.Reply.of(202).body("{\"id\":\"bat_1\"}");
        });
    api.on("/v1/batches/bat_1", _ -> Script.Reply.of(200).body(FINISHED));
    api.on("/v1/batches/bat_1/results", _ -> Script.Reply.of(200).body(RESULTS));
  }

  @AfterEach
  void stop() {
    destination.stop();
    api.close();
  }

  private int runDemo() {
    return runDemo(run);
  }

  private int runDemo(DemoRun demo) {
    return demo.run(URI.create("http://127.0.0.1:" + api.port()));
  }

  private String said() {
    return output.toString(StandardCharsets.UTF_8);
  }

  @Test
  void submitsLinesAndSaysThatEverythingAddsUp() {
    assertThat(runDemo()).isZero();

    assertThat(submitted.get("uri")).contains("expectedItems=2", "retry.minBackoff=100ms");
    assertThat(submitted.getOrDefault("body", "").lines())
        .hasSize(2)
        .first()
        .asString()
        .contains("\"id\":\"order-0\"", "\"url\":\"" + destination.url(0) + "\"", "\"body\":{");
    assertThat(said())
        .contains(
            "COMPLETED after 2.0 s: 1 items/s",
            "attempts 3, retries 1; the destination saw 2 requests of 2 items",
            "p50 7 ms, p99 30 ms",
            "everything adds up: 2 items, one outcome each",
            "curl -s http://127.0.0.1:" + api.port() + "/v1/batches/bat_1\n",
            "/v1/batches/bat_1/results?state=FAILED'",
            "/v1/batches/bat_1/failures");
  }

  @Test
  void endsWithOneWhenAnItemHasNoOutcome() {
    api.on(
        "/v1/batches/bat_1/results",
        _ -> Script.Reply.of(200).body(RESULTS.lines().findFirst().orElseThrow()));

    assertThat(runDemo()).isEqualTo(1);
    assertThat(said()).contains("DOES NOT ADD UP: result lines: 1, but items submitted: 2.");
  }

  @Test
  void endsWithOneWhenAnItemHasTwoOutcomes() {
    api.on(
        "/v1/batches/bat_1/results",
        _ -> Script.Reply.of(200).body(RESULTS.replace("\"index\":1", "\"index\":0")));

    assertThat(runDemo()).isEqualTo(1);
    assertThat(said()).contains("DOES NOT ADD UP: distinct indexes in results: 1");
  }

  @Test
  void sendsTheOrdersThatFollowAsBatchesOfTheirOwn() {
    assertThat(runDemo(run(1))).isZero();

    assertThat(submitted)
        .hasEntrySatisfying("uri", uri -> assertThat(uri).isEqualTo("/v1/batches"))
        .hasEntrySatisfying(
            "body", body -> assertThat(body).contains("\"items\":[{\"id\":\"order-2\","));
    assertThat(said()).contains("1 batches of one order each finished after ");
  }

  @Test
  void endsWithOneWhenASingleOrderDoesNotFinish() {
    api.on(
        "/v1/batches/bat_1",
        seen ->
            Script.Reply.of(200)
                .body(
                    seen.headers().containsKey("prefer")
                        ? FINISHED.replace("COMPLETED", "RUNNING")
                        : FINISHED));

    assertThat(runDemo(run(1))).isEqualTo(1);
    assertThat(said()).contains("The demo failed: Batch bat_1 of one order is RUNNING still.");
  }

  @Test
  void saysASentenceInsteadOfAStackTraceWhenTheApiRefuses() {
    api.on("/v1/batches", _ -> Script.Reply.of(503).body("{\"code\":\"store_unavailable\"}"));

    assertThat(runDemo()).isEqualTo(1);
    assertThat(said())
        .contains("The demo failed: Sluice answered 503", "store_unavailable")
        .doesNotContain("\tat ");
  }

  @Test
  void saysASentenceInsteadOfAStackTraceWhenNobodyAnswers() {
    api.close();

    assertThat(runDemo()).isEqualTo(1);
    assertThat(said()).contains("The demo failed: Sluice at http://").doesNotContain("\tat ");
  }

  @Test
  void endsQuietlyWhenStopped() {
    api.on(
        "/v1/batches/bat_1",
        _ -> {
          run.stop();
          return Script.Reply.of(200).body(FINISHED.replace("COMPLETED", "RUNNING"));
        });

    assertThat(runDemo()).isEqualTo(1);
    assertThat(said()).doesNotContain("failed:").doesNotContain("Try next");
  }
}
