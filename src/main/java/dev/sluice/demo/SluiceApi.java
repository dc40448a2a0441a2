package dev.sluice.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The public API as the demo uses it, over HTTP. Blocking; one caller. */
final class SluiceApi implements AutoCloseable {

  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);
  private static final Duration STREAM_LIMIT = Duration.ofMinutes(10);
  private static final String NDJSON = "application/x-ndjson";

  private final JsonMapper json = JsonMapper.builder().build();
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final URI root;

  SluiceApi(URI root) {
    this.root = root;
  }

  URI root() {
    return root;
  }

  /**
   * Submits the sample batch with backoffs short enough to watch.
   *
   * @return the batch id
   */
  String submit(SampleItems items, int itemCount) throws DemoFailure, InterruptedException {
    String options =
        "name=demo&retry.minBackoff=100ms&retry.maxBackoff=2s&expectedItems=" + itemCount;
    HttpRequest request =
        HttpRequest.newBuilder(root.resolve("/v1/batches?" + options))
            .header("Content-Type", NDJSON)
            .timeout(STREAM_LIMIT)
            .POST(BodyPublishers.ofByteArrays(items))
            .build();
    return read(request).path("id").asString();
  }

  /**
   * Submits one item as a batch of its own, in one JSON document.
   *
   * @return the batch id
   */
  String submit(String item) throws DemoFailure, InterruptedException {
    String body =
        "{\"name\":\"demo-single\",\"options\":{\"retry\":{\"minBackoff\":\"100ms\",\"maxBackoff\":\"2s\"}},\"items\":[%s]}"
            .formatted(item);
    HttpRequest request =
        HttpRequest.newBuilder(root.resolve("/v1/batches"))
            .header("Content-Type", "application/json")
            .timeout(ANSWER_LIMIT)
            .POST(BodyPublishers.ofString(body))
            .build();
    return read(request).path("id").asString();
  }

  /** Gives the batch as it is now. */
  BatchView batch(String id) throws DemoFailure, InterruptedException {
    return BatchView.of(
        read(HttpRequest.newBuilder(batchUri(id)).timeout(ANSWER_LIMIT).GET().build()));
  }

  /** Waits for the batch to finish and gives it; one that takes too long, as it is then. */
  BatchView finished(String id) throws DemoFailure, InterruptedException {
    return BatchView.of(
        read(
            HttpRequest.newBuilder(batchUri(id))
                .header("Prefer", "wait=20")
                .timeout(ANSWER_LIMIT)
                .GET()
                .build()));
  }

  /** Streams the result of every item that has one. */
  void results(String id, Consumer<ResultLine> consumer) throws DemoFailure, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(batchUri(id) + "/results"))
            .header("Accept", NDJSON)
            .timeout(STREAM_LIMIT)
            .GET()
            .build();
    try {
      HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
        if (response.statusCode() != 200) {
          throw new DemoFailure(
              "Sluice answered " + response.statusCode() + " to the request for results.");
        }
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (!line.isBlank()) {
            consumer.accept(ResultLine.of(json.readTree(line)));
          }
        }
      }
    } catch (IOException | JacksonException failure) {
      throw unreachable(failure);
    }
  }

  private URI batchUri(String id) {
    return root.resolve("/v1/batches/" + id);
  }

  private JsonNode read(HttpRequest request) throws DemoFailure, InterruptedException {
    try {
      HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
      if (response.statusCode() / 100 != 2) {
        throw new DemoFailure(
            "Sluice answered %d to %s %s: %s"
                .formatted(
                    response.statusCode(), request.method(), request.uri(), response.body()));
      }
      return json.readTree(response.body());
    } catch (IOException | JacksonException failure) {
      throw unreachable(failure);
    }
  }

  private DemoFailure unreachable(Exception failure) {
    return new DemoFailure(
        "Sluice at %s gave no usable answer (%s).".formatted(root, failure), failure);
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
