package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Sends submissions over sockets. */
@SpringBootTest(
    classes = SubmissionApplication.class,
    webEnvironment = WebEnvironment.RANDOM_PORT,
    properties = {"management.server.port=-1", "server.tomcat.connection-timeout=1s"})
abstract class SubmissionTestBase {

  static final String NDJSON = "application/x-ndjson";
  static final String JSON = "application/json";
  static final String ITEM = "{\"url\":\"http://a.example/x\"}";

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Autowired RecordingStore store;
  @LocalServerPort int port;

  /** A response with its body as JSON. */
  record Answer(HttpResponse<byte[]> response, JsonNode json) {
    int status() {
      return response.statusCode();
    }

    String code() {
      return json.path("code").asString("");
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse(null);
    }

    RecordingStore.Batch batch(RecordingStore store) {
      return store.find(json.path("id").asString());
    }
  }

  @AfterEach
  void nothingIsLeftRunning() {
    store.failAppends(null);
    store.gateAppends(null);
    assertThat(store.runningUploads()).isZero();
  }

  JsonNode get(String path) {
    try {
      return MAPPER.readTree(
          HTTP.send(
                  HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                  HttpResponse.BodyHandlers.ofByteArray())
              .body());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  Answer post(String path, String contentType, String body, String... headers)
      throws IOException, InterruptedException {
    return post(path, contentType, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  Answer post(String path, String contentType, byte[] body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(60))
            .POST(BodyPublishers.ofByteArray(body));
    if (contentType != null) {
      request.header("Content-Type", contentType);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    HttpResponse<byte[]> response =
        HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    Answer answer = new Answer(response, MAPPER.readTree(response.body()));
    assertThat(answer.status()).as(answer.json.toString()).isNotEqualTo(500);
    if (answer.status() >= 400) {
      assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
      assertThat(answer.json.path("status").asInt()).isEqualTo(answer.status());
    }
    return answer;
  }

  /** Sends bytes as they are and gives all that comes back until the server closes. */
  String raw(byte[] bytes, boolean closeOutput) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(30_000);
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
      out.flush();
      if (closeOutput) {
        socket.shutdownOutput();
      }
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static byte[] head(String path, String... headers) {
    return ("POST "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\n"
            + String.join("\r\n", headers)
            + "\r\n\r\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(content);
    }
    return packed.toByteArray();
  }

  /** Gives NDJSON with an item a line, which hardly shrinks when it is compressed. */
  static String lines(int count) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < count; i++) {
      lines
          .append("{\"id\":\"o-")
          .append(i)
          .append("\",\"url\":\"http://h")
          .append(i % 7)
          .append(".example/x/")
          .append(i)
          .append("\",\"body\":{\"n\":\"")
          .append(noise(i))
          .append("\"}}\n");
    }
    return lines.toString();
  }

  private static String noise(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong());
  }
}
