package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sluice.ops.Chart.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What {@code helm test} runs, run by a shell against an API that answers as it is told. */
class HelmTestHookTests {

  private final BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
  private volatile int status = 200;
  private volatile String body = "";
  private HttpServer api;

  @BeforeEach
  void start() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "no curl here");
    api = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    api.createContext("/v1/batches", this::answer);
    api.start();
  }

  @AfterEach
  void stop() {
    if (api != null) {
      api.stop(0);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "200 | COMPLETED | none_succeeded |          | true",
        "200 | COMPLETED | all_succeeded  |          | true",
        "202 | RUNNING   | null           |          | false",
        "200 | COMPLETED | all_succeeded  | http://x | true",
        "200 | COMPLETED | none_succeeded | http://x | false",
        "401 | COMPLETED | all_succeeded  |          | false",
        "503 | COMPLETED | all_succeeded  |          | false",
      })
  void passesWhenTheBatchEnds(
      int status, String state, String result, String destination, boolean passes)
      throws Exception {
    this.status = status;
    this.body =
        "{\"id\":\"bat_1\",\"state\":\"%s\",\"result\":\"%s\",\"counts\":{}}"
            .formatted(state, result);
    Map<String, String> env = destination == null ? Map.of() : Map.of("DESTINATION", destination);
    assertThat(run(env) == 0).isEqualTo(passes);
  }

  @Test
  void failsWhenNobodyAnswers() throws Exception {
    api.stop(0);
    assertThat(run(Map.of())).isNotZero();
  }

  @Test
  void asksAsTheApiWantsIt() throws Exception {
    body = "{\"state\":\"COMPLETED\",\"result\":\"all_succeeded\"}";
    run(Map.of("DESTINATION", "http://there/x", "TOKEN", "t 1"));
    run(Map.of());
    Seen first = Objects.requireNonNull(seen.poll());
    Seen second = Objects.requireNonNull(seen.poll());
    assertThat(first.authorization).isEqualTo("Bearer t 1");
    assertThat(second.authorization).isEmpty();
    assertThat(first.key).startsWith("helm-test-").isNotEqualTo(second.key);
    JsonNode batch = JsonMapper.builder().build().readTree(first.body);
    assertThat(batch.path("items").path(0).path("url").asString()).isEqualTo("http://there/x");
    assertThat(batch.path("options").path("retry").path("maxAttempts").asInt()).isEqualTo(1);
    assertThat(second.body).contains("http://192.0.2.1/");
  }

  @Test
  void theChartHandsOverWhatTheScriptReads() {
    Node container =
        Chart.renderTest(
                """
                service: {port: 80}
                tests: {destination: 'http://x/', tokenSecret: {name: keys, key: admin}}
                """)
            .at("spec", "containers", 0);
    assertThat(container.at("env").list())
        .isEqualTo(
            List.of(
                Map.of("name", "SLUICE", "value", "http://demo-sluice:80"),
                Map.of("name", "DESTINATION", "value", "http://x/"),
                Map.of(
                    "name",
                    "TOKEN",
                    "valueFrom",
                    Map.of("secretKeyRef", Map.of("name", "keys", "key", "admin")))));
  }

  private int run(Map<String, String> env) throws IOException, InterruptedException {
    String script = (String) Chart.renderTest("").at("spec", "containers", 0, "args", 0).value();
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", script).redirectErrorStream(true);
    builder.environment().putAll(env);
    builder.environment().put("SLUICE", "http://127.0.0.1:" + api.getAddress().getPort());
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      seen.add(
          new Seen(
              Objects.requireNonNullElse(
                  exchange.getRequestHeaders().getFirst("Authorization"), ""),
              exchange.getRequestHeaders().getFirst("Idempotency-Key"),
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private record Seen(String authorization, String key, String body) {}
}
