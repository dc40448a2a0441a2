package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A batch as one trace: at a collector, at its destination, in logs, problems and exemplars. */
class TracingIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String CALL = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String OWN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  @TempDir private Path directory;

  private final BlockingQueue<Span> received = new LinkedBlockingQueue<>();
  private final List<Span> seen = new ArrayList<>();
  private final Map<String, String> traceparents = new ConcurrentHashMap<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/traces", this::collect);
    server.createContext("/item/", this::take);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    http.close();
  }

  @Test
  void aBatchIsOneTraceThatItsDestinationSees() throws Exception {
    try (SluiceProcess sluice =
            SluiceProcess.in(
                    directory,
                    "--sluice.ops.tracing=true",
                    "--management.tracing.sampling.probability=1",
                    "--management.opentelemetry.tracing.export.otlp.endpoint=" + url("/v1/traces"),
                    "--management.opentelemetry.tracing.export.schedule-delay=100ms",
                    "--logging.structured.format.console=ecs",
                    "--logging.level.org.springframework.web.servlet.mvc.method.annotation=DEBUG")
                .start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      String id =
          json(call(
                  sluice.uri().resolve("/v1/batches"),
                  """
                      {"items": [{"url": "%s"}, {"url": "%s", "headers": {"traceparent": "%s"}}]}
                      """
                      .formatted(url("/item/0"), url("/item/1"), OWN)))
              .path("id")
              .asString();
      client.awaitFinished(id, LIMIT);
      String trace = traceOf(id);

      // The destination
      assertThat(traceparents.get("/item/0")).matches("00-" + trace + "-[0-9a-f]{16}-01");
      assertThat(traceparents).containsEntry("/item/1", OWN);

      // The collector
      Span intake = await(span -> span.getName().equals("sluice.intake"));
      Span dispatch = await(span -> span.getName().equals("sluice.dispatch"));
      Span served =
          await(
              span ->
                  hex(span.getTraceId()).equals(CALL)
                      && span.getKind() == Span.SpanKind.SPAN_KIND_SERVER);
      Span attempt =
          await(
              span ->
                  span.getName().equals("sluice.attempt")
                      && Objects.equals(attribute(span, "sluice.item.index"), "0"));
      assertThat(seen.stream().filter(span -> hex(span.getTraceId()).equals(CALL)))
          .as("no spans of filters and guards")
          .containsOnly(served);
      assertThat(List.of(hex(intake.getTraceId()), hex(dispatch.getTraceId()))).containsOnly(trace);
      assertThat(intake.getLinksList())
          .singleElement()
          .matches(l -> hex(l.getTraceId()).equals(CALL));
      assertThat(attribute(intake, "sluice.batch.id")).isEqualTo(id);
      assertThat(attribute(intake, "sluice.items")).isEqualTo("2");
      assertThat(attribute(dispatch, "sluice.tenant")).isEqualTo("default");
      assertThat(attempt.getParentSpanId()).isEqualTo(dispatch.getSpanId());
      assertThat(traceparents.get("/item/0")).contains(hex(attempt.getSpanId()));
      assertThat(attribute(attempt, "sluice.verdict")).isEqualTo("succeeded");
      assertThat(attribute(attempt, "http.response.status_code")).isEqualTo("200");

      // The histogram
      HttpRequest scrape =
          HttpRequest.newBuilder(sluice.managementUri("/actuator/prometheus"))
              .header("Accept", "application/openmetrics-text; version=1.0.0")
              .build();
      assertThat(http.send(scrape, BodyHandlers.ofString()).body().lines())
          .anyMatch(
              line ->
                  line.startsWith("sluice_attempt_duration_seconds_bucket")
                      && line.contains("trace_id=\"" + trace + '"'));

      // A problem, and the log
      JsonNode problem = json(call(sluice.uri().resolve("/v1/batches/bat_x/pause"), ""));
      assertThat(problem.path("code").asString()).isEqualTo("batch_not_found");
      assertThat(problem.path("traceId").asString()).isEqualTo(CALL);
      assertThat(sluice.log().lines().filter(line -> line.contains("bat_x")).map(TracingIT::json))
          .anyMatch(
              line ->
                  line.path("traceId").asString("").equals(CALL)
                      && line.path("batchId").asString("").equals("bat_x")
                      && line.path("tenant").asString("").equals("default")
                      && line.path("ecs").path("version").isString());
    }
  }

  /** As anybody can find the trace of a batch. */
  private static String traceOf(String batchId) throws Exception {
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(batchId.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(hash, 0, 16);
  }

  private Span await(Predicate<Span> wanted) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      for (Span span : seen) {
        if (wanted.test(span)) {
          return span;
        }
      }
      Span next = received.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      assertThat(next).as("not among %s", seen).isNotNull();
      seen.add(next);
    }
  }

  private static String attribute(Span span, String key) {
    return span.getAttributesList().stream()
        .filter(each -> each.getKey().equals(key))
        .map(
            each ->
                each.getValue().hasIntValue()
                    ? Long.toString(each.getValue().getIntValue())
                    : each.getValue().getStringValue())
        .findFirst()
        .orElse("");
  }

  private static String hex(com.google.protobuf.ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  private String call(URI uri, String body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .header("Content-Type", "application/json")
            .header("traceparent", "00-" + CALL + "-00f067aa0ba902b7-01")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    return http.send(request, BodyHandlers.ofString()).body();
  }

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private void collect(HttpExchange exchange) throws IOException {
    try (exchange) {
      ExportTraceServiceRequest.parseFrom(exchange.getRequestBody())
          .getResourceSpansList()
          .forEach(
              resource ->
                  resource
                      .getScopeSpansList()
                      .forEach(scope -> received.addAll(scope.getSpansList())));
      exchange.sendResponseHeaders(200, -1);
    }
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      traceparents.put(
          exchange.getRequestURI().getPath(),
          String.valueOf(exchange.getRequestHeaders().getFirst("traceparent")));
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(200, -1);
    }
  }
}
