package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.sluice.fixture.RawServer;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.model.Sha256;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Seeds secrets wherever Sluice is given any, has everything run, and looks for them in all it put
 * out: answers, exports, metrics, traces, the audit record, the log and every file of the store. A
 * value that is no secret is seeded as well and has to be found, or the search would prove nothing.
 */
class CredentialCanaryIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String NDJSON = "application/x-ndjson";
  private static final List<String> PAGES =
      List.of(
          "",
          "/items",
          "/items/0",
          "/items/1",
          "/results?include=input",
          "/failures",
          "/explain",
          "/events");

  @TempDir Path directory;

  private final Canaries canaries = new Canaries();
  private final String control = "control-" + Long.toHexString(System.nanoTime());
  private final Queue<String> seen = new ConcurrentLinkedQueue<>();
  private final Queue<byte[]> exported = new ConcurrentLinkedQueue<>();
  private final List<String> batches = new ArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private final String apiKey = "slk_0000aaaa_" + canaries.seed("API key");
  private final String oauthToken = canaries.seed("token of the token server");
  private final String responseCookie = canaries.seed("Set-Cookie of a response");

  /** Says what it was told, and sets a cookie. */
  private RawServer echo() throws IOException {
    return RawServer.start(
        (in, out, _) -> {
          for (String got = RawServer.readRequest(in);
              got != null;
              got = RawServer.readRequest(in)) {
            seen.add(got);
            boolean token = got.startsWith("POST /token");
            String body =
                token
                    ? "{\"access_token\":\""
                        + oauthToken
                        + "\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
                    : "You said: " + got;
            RawServer.write(
                out,
                "HTTP/1.1 "
                    + (got.contains(" /bad") ? "422 X" : "200 OK")
                    + "\r\nContent-Type: application/json\r\nSet-Cookie: s="
                    + responseCookie
                    + "\r\nX-Echo: "
                    + header(got, "authorization")
                    + "\r\nContent-Length: "
                    + body.getBytes(StandardCharsets.ISO_8859_1).length
                    + "\r\n\r\n"
                    + body);
          }
        });
  }

  /** Takes traces. */
  private HttpServer collector() throws IOException {
    HttpServer collector =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/v1/traces",
        exchange -> {
          try (exchange) {
            exported.add(exchange.getRequestBody().readAllBytes());
            exchange.sendResponseHeaders(200, -1);
          }
        });
    collector.start();
    return collector;
  }

  private static String header(String request, String name) {
    return request
        .lines()
        .filter(line -> line.regionMatches(true, 0, name + ": ", 0, name.length() + 2))
        .map(line -> line.substring(name.length() + 2))
        .findFirst()
        .orElse("none");
  }

  private String credential(String name, String type, String secret, String... more)
      throws IOException {
    Path file = directory.resolve("secret-" + name);
    Files.writeString(file, secret + "\n");
    StringBuilder yaml = new StringBuilder();
    yaml.append("      ").append(name).append(":\n        type: ").append(type);
    yaml.append("\n        hosts: [\"127.0.0.1\"]\n        allow-http: true");
    yaml.append("\n        secret-file: ").append(file).append('\n');
    for (String line : more) {
      yaml.append("        ").append(line).append('\n');
    }
    return yaml.toString();
  }

  private Path configuration(int echoPort) throws IOException {
    String password = canaries.seed("password of a basic credential");
    canaries.remember("password of a basic credential", "user:" + password);
    String clientSecret = canaries.seed("client secret");
    canaries.remember("client secret", "client:" + clientSecret);
    String signing = canaries.seedKey("secret of standard webhooks");
    String yaml =
        "sluice:\n  attempt.auth:\n    credentials:\n"
            + credential("bearer", "bearer", canaries.seed("bearer credential"))
            + credential("basic", "basic", password, "username: user")
            + credential("header", "header", canaries.seed("key credential"), "header: X-Key")
            + credential("hmac", "hmac", canaries.seed("hmac credential"), "header: X-Signature")
            + credential("webhooks", "standard-webhooks", "whsec_" + signing)
            + credential(
                "oauth",
                "oauth2",
                clientSecret,
                "client-id: client",
                "token-url: http://127.0.0.1:" + echoPort + "/token")
            + "  security.keys:\n    - {id: 0000aaaa, client: test, tenant: default, roles:"
            + " [submit, read, control, admin], sha256: "
            + HexFormat.of().formatHex(Sha256.of(apiKey))
            + "}\n  secrets:\n    keys: "
            + canaries.seedKey("key of storage")
            + "\n    headers: X-Pin\n";
    return Files.writeString(directory.resolve("canary.yaml"), yaml);
  }

  @Test
  void noSecretIsInAnythingThatIsPutOut() throws Exception {
    HttpServer collector = collector();
    try (RawServer echo = echo();
        SluiceProcess sluice =
            SluiceProcess.in(
                    directory,
                    "--spring.config.import=" + configuration(echo.port()),
                    "--logging.level.dev.sluice=TRACE",
                    "--sluice.ops.tracing=true",
                    "--management.tracing.sampling.probability=1",
                    "--management.opentelemetry.tracing.export.schedule-delay=100ms",
                    "--management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:"
                        + collector.getAddress().getPort()
                        + "/v1/traces")
                .start()) {
      String root = "http://127.0.0.1:" + echo.port();
      submitAll(sluice, root);
      refuseAll(sluice, root);
      redriveAndRead(sluice);
      leavePending(sluice, root);
      canaries.output("metrics", call(sluice.managementUri("/actuator/prometheus"), null, null));
      canaries.output("health", call(sluice.managementUri("/actuator/health"), null, null));
      canaries.output("info", call(sluice.managementUri("/actuator/info"), null, null));
      await().atMost(Duration.ofSeconds(30)).until(() -> exported.size() > 1);
      // As a power cut leaves it: with the write-ahead log.
      sluice.kill();
      canaries.output("log", sluice.log().getBytes(StandardCharsets.UTF_8));
      readFiles(sluice.dataDirectory());
    } finally {
      collector.stop(0);
    }
    exported.forEach(bytes -> canaries.output("traces", bytes));

    assertThat(canaries.holding(control))
        .as("where what is no secret is found")
        .contains("sluice.db-wal", "GET /items/0", "GET /results?include=input as text/csv");
    assertThat(canaries.holding("127.0.0.1")).as("attempts are exported").contains("traces");
    assertThat(canaries.holding("You said")).as("what was echoed is kept").isNotEmpty();
    assertThat(canaries.count()).isGreaterThanOrEqualTo(20);
    assertThat(canaries.outputCount()).isGreaterThanOrEqualTo(25);
    assertThat(canaries.found()).isEmpty();
  }

  /** One batch for each way to bring a secret; what is bad is refused by the destination. */
  private void submitAll(SluiceProcess sluice, String root) throws Exception {
    String query = "/v1/batches?capture.on=always&capture.bytes=4096";
    for (String name : List.of("bearer", "basic", "header", "hmac", "webhooks", "oauth")) {
      accept(sluice, query + "&auth.credential=" + name, NDJSON, items(root, "\"X-A\":\"b\""));
    }
    String basic = canaries.seed("password in an item");
    String pair = canaries.remember("password in an item", "me:" + basic);
    List<String> headers =
        List.of(
            field("Authorization", "Bearer " + canaries.seed("token in an item")),
            field("Authorization", "Basic " + base64(pair)),
            field("Cookie", "session=" + canaries.seed("cookie in an item") + "; theme=dark"),
            field("X-Api-Key", canaries.seed("key in an item")),
            field("X-Pin", canaries.seed("header that the operator names")),
            "\"X-Auth-Token\":[\""
                + canaries.seed("first of two values")
                + "\",\""
                + canaries.seed("second of two values")
                + "\"]");
    for (String each : headers) {
      accept(sluice, query, NDJSON, items(root, each));
    }
    String whole = field("Authorization", "Bearer " + canaries.seed("token in a template"));
    accept(
        sluice,
        "/v1/batches",
        "application/json",
        "{\"options\":{\"capture\":{\"on\":\"always\"}},\"template\":{\"headers\":{"
            + whole
            + "}},\"items\":["
            + item(root + "/bad", "\"X-Trace\":\"" + control + "\"")
            + "]}");
    for (String secret : List.of("token in", "key in", "cookie in", "header that", "bearer cre")) {
      assertThat(canaries.wasSent(secret, seen)).as("%s reaches the destination", secret).isTrue();
    }
  }

  private void refuseAll(SluiceProcess sluice, String root) throws Exception {
    String host = root.substring("http://".length());
    List<String> bodies =
        List.of(
            item(
                "http://me:" + canaries.seed("password in a URL") + '@' + host + "/",
                "\"A\":\"b\""),
            item(root, field("Proxy-Authorization", canaries.seed("header that is refused"))),
            item(root, field("X-Api-Key", canaries.seed("value that is refused") + "\\u0001")),
            ended(item(root, field("X-Api-Key", canaries.seed("JSON that ends early")))),
            item(root, "\"X-Api-Key\":{\"a\":\"" + canaries.seed("object for a string") + "\"}"));
    for (String body : bodies) {
      byte[] answer =
          call(
              sluice.uri().resolve("/v1/batches"),
              NDJSON,
              body,
              "Authorization",
              "Bearer " + apiKey);
      canaries.output("refusals", answer);
    }
    byte[] wrong =
        call(
            sluice.uri().resolve("/v1/batches"),
            null,
            null,
            "Authorization",
            "Bearer slk_0000aaaa_" + canaries.seed("API key that is wrong"));
    canaries.output("refusals", wrong);
    assertThat(canaries.holding("unauthorized")).contains("refusals");
  }

  private void redriveAndRead(SluiceProcess sluice) throws Exception {
    String failed = batches.getLast();
    JsonNode child =
        JSON.readTree(
            call(
                sluice.uri().resolve("/v1/batches/" + failed + "/redrive"),
                "application/json",
                "{\"filter\":{\"state\":[\"FAILED\"]}}",
                "Authorization",
                "Bearer " + apiKey,
                "Prefer",
                "wait=30"));
    assertThat(child.path("counts").path("failed").asInt()).as(child.toString()).isOne();
    assertThat(seen.stream().filter(got -> got.contains(control)).toList())
        .as("a redriven item takes its secret along")
        .hasSizeGreaterThanOrEqualTo(2)
        .last()
        .asString()
        .contains("Authorization: Bearer cnry");
    batches.add(child.path("id").asString());
    for (String batch : batches) {
      for (String page : PAGES) {
        read(sluice, "GET " + page, "/v1/batches/" + batch + page, "application/json");
      }
      String csv = "/results?include=input";
      read(sluice, "GET " + csv + " as text/csv", "/v1/batches/" + batch + csv, "text/csv");
    }
    for (String page :
        List.of("/v1/batches", "/v1/destinations", "/v1/audit", "/v3/api-docs", "/v1/items?id=i")) {
      read(sluice, "GET " + page, page, "*/*");
    }
  }

  /** What waits is in the store as it was taken in, and an open batch with its template. */
  private void leavePending(SluiceProcess sluice, String root) throws Exception {
    String open = field("X-Api-Key", canaries.seed("key in the template of an open batch"));
    JsonNode answer =
        JSON.readTree(
            call(
                sluice.uri().resolve("/v1/batches"),
                "application/json",
                "{\"open\":true,\"template\":{\"headers\":{" + open + "}}}",
                "Authorization",
                "Bearer " + apiKey));
    String items = "/v1/batches/" + answer.path("id").asString() + "/items";
    String body = item(root + "/ok", field("Cookie", canaries.seed("cookie that waits")));
    byte[] chunk =
        call(
            sluice.uri().resolve(items + "?offset=0"),
            NDJSON,
            body,
            "Authorization",
            "Bearer " + apiKey);
    assertThat(new String(chunk, StandardCharsets.UTF_8)).contains("\"accepted\":1");
    read(sluice, "GET /items/0", items + "/0", "application/json");
  }

  private void readFiles(Path data) throws IOException {
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        canaries.output(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
  }

  private String items(String root, String headers) {
    String more = headers + ",\"X-Trace\":\"" + control + "\"";
    return item(root + "/ok", more) + '\n' + item(root + "/bad", more);
  }

  private static String item(String url, String headers) {
    return "{\"id\":\"i\",\"url\":\""
        + url
        + "\",\"headers\":{"
        + headers
        + "},\"body\":{\"n\":1}}";
  }

  /** Gives what breaks off right after the secret. */
  private static String ended(String item) {
    return item.substring(0, item.indexOf("\"},\"body\""));
  }

  private static String field(String name, String value) {
    return "\"" + name + "\":\"" + value + "\"";
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private void accept(SluiceProcess sluice, String path, String type, String body)
      throws Exception {
    byte[] answer =
        call(
            sluice.uri().resolve(path),
            type,
            body,
            "Authorization",
            "Bearer " + apiKey,
            "Prefer",
            "wait=30");
    canaries.output("POST /v1/batches", answer);
    JsonNode batch = JSON.readTree(answer);
    assertThat(batch.path("state").asString()).as(batch.toString()).isEqualTo("COMPLETED");
    assertThat(batch.path("counts").path("failed").asInt()).as(batch.toString()).isOne();
    batches.add(batch.path("id").asString());
  }

  private void read(SluiceProcess sluice, String name, String path, String accept)
      throws Exception {
    byte[] answer =
        call(
            sluice.uri().resolve(path),
            null,
            null,
            "Authorization",
            "Bearer " + apiKey,
            "Accept",
            path.endsWith("/events") ? "text/event-stream" : accept);
    canaries.output(name, answer);
  }

  /** Gives headers and body of an answer; GET when there is no body to send. */
  private byte[] call(URI uri, String type, String body, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60));
    if (body != null) {
      request.POST(HttpRequest.BodyPublishers.ofString(body)).header("Content-Type", type);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    HttpResponse<byte[]> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    canaries.output(
        "headers of answers", response.headers().toString().getBytes(StandardCharsets.UTF_8));
    assertThat(response.statusCode()).as("%s", uri).isLessThan(500);
    return response.body();
  }
}
