package dev.sluice.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.BodyKind;
import dev.sluice.model.CapturedResponse;
import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.ItemError;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.BatchWriter.Begun;
import dev.sluice.store.BatchWriter.UploadOpening;
import dev.sluice.store.BatchWriter.UploadSummary;
import dev.sluice.store.NewBatch;
import dev.sluice.store.NewShard;
import dev.sluice.store.ShardEncoder;
import dev.sluice.store.Tenants;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.NullUnmarked;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A client of the running API, and batches to look at. */
@NullUnmarked
@SpringBootTest(
    classes = ApiTestApplication.class,
    webEnvironment = WebEnvironment.RANDOM_PORT,
    properties = {
      "management.server.port=0",
      "sluice.store.path=${java.io.tmpdir}/sluice-api-${random.uuid}/sluice.db",
      "sluice.api.max-wait=5s",
      "sluice.report.event-interval=100ms",
      "sluice.report.heartbeat=200ms",
      "sluice.report.max-event-streams=2",
      "sluice.report.result-page=2"
    })
public abstract class ApiTestBase {

  protected static final JsonMapper JSON = JsonMapper.shared();
  protected static final Destination PARTNER = new Destination("https", "api.example.com", 443);
  protected static final Destination OTHER = new Destination("http", "other.example.com", 8080);

  private final HttpClient http = HttpClient.newHttpClient();

  @LocalServerPort protected int port;
  @Autowired protected TestStore store;

  /** An answer with its body. */
  protected record Answer(HttpResponse<String> response) {

    public int status() {
      return response.statusCode();
    }

    public String body() {
      return response.body();
    }

    public JsonNode json() {
      return JSON.readTree(body());
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse(null);
    }

    /** Expects a problem as RFC 9457 and this API want it. */
    public Answer isProblem(int status, String code) {
      assertThat(status()).as(body()).isEqualTo(status);
      assertThat(header("Content-Type")).startsWith("application/problem+json");
      assertThat(json().path("status").asInt()).isEqualTo(status);
      assertThat(json().path("code").asString()).isEqualTo(code);
      assertThat(json().path("type").asString()).isEqualTo("https://sluice.dev/problems/" + code);
      assertThat(json().path("title").asString()).isNotEmpty();
      assertThat(json().path("detail").asString()).isNotEmpty();
      assertThat(json().path("instance").asString()).startsWith("/");
      assertThat(body()).doesNotContain("Exception", "dev.sluice.", "org.springframework");
      return this;
    }
  }

  protected Answer call(String method, String path, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    try {
      // The request's own timeout ends with the headers; this one bounds the body too.
      return new Answer(
          http.sendAsync(request.build(), BodyHandlers.ofString(StandardCharsets.UTF_8))
              .get(20, TimeUnit.SECONDS));
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException(method + " " + path + " got no whole answer", e);
    }
  }

  protected URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  protected Answer get(String path, String... headers) {
    return call("GET", path, null, headers);
  }

  protected Answer post(String path, String json, String... headers) {
    String[] all = java.util.Arrays.copyOf(headers, headers.length + 2);
    all[headers.length] = "Content-Type";
    all[headers.length + 1] = "application/json";
    return call("POST", path, json, all);
  }

  /** Gives an item with a JSON body. */
  protected static Item item(long index, String id) {
    return item(index, id, BodyKind.JSON, "{\"n\":\n" + index + "}", List.of());
  }

  protected static Item item(
      long index, String id, BodyKind kind, String body, List<Header> headers) {
    return new Item(
        index,
        id,
        new OutboundRequest(
            "POST", "/orders?n=" + index, headers, kind, body.getBytes(StandardCharsets.UTF_8)),
        null,
        null,
        null);
  }

  /** Stores a batch with {@code count} items for the partner, ids {@code order-<index>}. */
  protected BatchRef batch(int count) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      items.add(item(i, "order-" + i));
    }
    return batch("nightly", Map.of(), Map.of(PARTNER, items));
  }

  protected BatchRef batch(
      String name, Map<String, String> metadata, Map<Destination, List<Item>> items) {
    BatchWriter writer = store.writer();
    BatchRef ref =
        ((Begun.Created)
                writer.begin(
                    new NewBatch(
                        Tenants.DEFAULT,
                        name,
                        metadata,
                        BatchOptions.DEFAULT,
                        null,
                        false,
                        null,
                        null,
                        null)))
            .batch();
    long upload = ((UploadOpening.Opened) writer.openUpload(ref.id(), null, null)).uploadId();
    long total = 0;
    for (Map.Entry<Destination, List<Item>> entry : items.entrySet()) {
      ShardEncoder encoder = new ShardEncoder(entry.getValue().getFirst().index());
      entry.getValue().forEach(encoder::add);
      total += entry.getValue().size();
      List<String> ids =
          entry.getValue().stream().map(Item::id).filter(java.util.Objects::nonNull).toList();
      writer.append(upload, List.of(NewShard.of(entry.getKey(), encoder, ids)));
    }
    writer.commitAndSeal(upload, new UploadSummary(total, 100, new byte[32]));
    return ref;
  }

  protected static Outcome succeeded(long index) {
    return new Outcome(
        index,
        "order-" + index,
        OutcomeState.SUCCEEDED,
        200,
        1,
        12,
        Instant.parse("2026-01-02T03:04:05.678Z"),
        null,
        null);
  }

  protected static Outcome failed(long index, int status, String responseBody) {
    return new Outcome(
        index,
        "order-" + index,
        OutcomeState.FAILED,
        status,
        3,
        7,
        Instant.parse("2026-01-02T03:04:06.000Z"),
        new ItemError("http_status", "=cmd: the destination answered " + status),
        new CapturedResponse(
            List.of(new Header("Content-Type", "text/plain")),
            responseBody.getBytes(StandardCharsets.UTF_8),
            false));
  }

  protected static Outcome inDoubt(long index) {
    return new Outcome(
        index,
        "order-" + index,
        OutcomeState.IN_DOUBT,
        0,
        1,
        30_000,
        Instant.parse("2026-01-02T03:04:07.000Z"),
        new ItemError("deadline", "no reply in time"),
        null);
  }
}
