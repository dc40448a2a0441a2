package dev.sluice.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.model.BodyKind;
import dev.sluice.model.CapturedResponse;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchRef;
import dev.sluice.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

@NullUnmarked
class ItemsAndResultsTests extends ApiTestBase {

  @Test
  void pagesThroughItemsPendingOnesToo() {
    BatchRef ref = batch(5);
    store.settle(ref, List.of(succeeded(1), failed(3, 500, "no")));

    JsonNode first = get(items(ref) + "?limit=3").json();
    JsonNode second =
        get(items(ref) + "?limit=3&cursor=" + first.path("nextCursor").asString()).json();

    assertThat(states(first)).containsExactly("0 PENDING", "1 SUCCEEDED", "2 PENDING");
    assertThat(states(second)).containsExactly("3 FAILED", "4 PENDING");
    assertThat(second.path("hasMore").asBoolean()).isFalse();
    assertThat(states(get(items(ref) + "?state=PENDING,FAILED").json()))
        .containsExactly("0 PENDING", "2 PENDING", "3 FAILED", "4 PENDING");
    assertThat(states(get(items(ref) + "?statusCode=500").json())).containsExactly("3 FAILED");
    assertThat(states(get(items(ref) + "?errorCode=http_status").json()))
        .containsExactly("3 FAILED");
    assertThat(states(get(items(ref) + "?id=order-4").json())).containsExactly("4 PENDING");
    assertThat(states(get(items(ref) + "?destination=HTTPS:api.example.com:443").json()))
        .hasSize(5);
    assertThat(states(get(items(ref) + "?destination=https:x.example:443").json())).isEmpty();
  }

  private static String items(BatchRef ref) {
    return "/v1/batches/" + ref.publicId() + "/items";
  }

  private static List<String> states(JsonNode page) {
    List<String> states = new ArrayList<>();
    page.path("data")
        .forEach(
            row -> states.add(row.path("index").asLong() + " " + row.path("state").asString()));
    return states;
  }

  @Test
  void showsAnItemThatCanBeSubmittedAgainWithoutCredentials() {
    List<Header> headers =
        List.of(
            new Header("X-A", "1"),
            new Header("Authorization", "Bearer s3cret"),
            new Header("x-api-key", "s3cret"),
            new Header("X-A", "2"));
    BatchRef ref =
        batch(
            "kinds",
            Map.of(),
            Map.of(
                OTHER,
                List.of(
                    item(0, null, BodyKind.JSON, "{\"a\":\r\n[1]}", headers),
                    item(1, "f", BodyKind.FORM, "a=1+2&b=%26&a=3", List.of()),
                    item(2, "t", BodyKind.TEXT, "höhe", List.of()),
                    item(3, "b", BodyKind.BASE64, "bytes", List.of()),
                    item(4, "n", BodyKind.NONE, "", List.of()))));

    Answer first = get(items(ref) + "/0");
    assertThat(first.body()).doesNotContain("s3cret");
    assertThat(first.json().path("input").toString())
        .isEqualTo(
            "{\"url\":\"http://other.example.com:8080/orders?n=0\",\"method\":\"POST\","
                + "\"headers\":{\"X-A\":[\"1\",\"2\"]},\"body\":{\"a\":[1]}}");
    assertThat(first.body()).doesNotContain("\n");
    assertThat(input(ref, 1).path("form").toString())
        .isEqualTo("{\"a\":[\"1 2\",\"3\"],\"b\":\"&\"}");
    assertThat(input(ref, 2).path("text").asString()).isEqualTo("höhe");
    assertThat(input(ref, 3).path("base64").asString()).isEqualTo("Ynl0ZXM=");
    assertThat(input(ref, 4).propertyNames()).containsExactly("id", "url", "method");
    get(items(ref) + "/5").isProblem(404, "item_not_found");
    get(items(ref) + "/-1").isProblem(404, "item_not_found");
  }

  private JsonNode input(BatchRef ref, int index) {
    return get(items(ref) + "/" + index).json().path("input");
  }

  @Test
  void findsItemsByIdInAllBatches() {
    BatchRef one =
        batch("a", Map.of(), Map.of(PARTNER, List.of(item(0, "find me"), item(1, "other"))));
    BatchRef two = batch("b", Map.of(), Map.of(PARTNER, List.of(item(0, "find me"))));

    JsonNode found = get("/v1/items?id=find%20me").json();

    List<String> batches = new ArrayList<>();
    found.path("data").forEach(row -> batches.add(row.path("batchId").asString()));
    assertThat(batches).containsExactlyInAnyOrder(one.publicId(), two.publicId());
    assertThat(found.path("hasMore").asBoolean()).isFalse();
  }

  @Test
  void streamsResultLinesAsTheDesignSays() {
    BatchRef ref = batch(3);
    store.settle(ref, List.of(failed(2, 422, "näh"), succeeded(0)));

    Answer answer = get(results(ref));

    assertThat(answer.header("Content-Type")).isEqualTo("application/x-ndjson");
    assertThat(answer.body().lines())
        .containsExactly(
            "{\"seq\":1,\"index\":2,\"id\":\"order-2\",\"state\":\"FAILED\",\"statusCode\":422,"
                + "\"attempts\":3,\"latencyMs\":7,\"finishedAt\":\"2026-01-02T03:04:06Z\","
                + "\"error\":{\"code\":\"http_status\",\"message\":\"=cmd: the destination answered"
                + " 422\"},\"response\":{\"headers\":{\"Content-Type\":\"text/plain\"},"
                + "\"body\":\"näh\",\"truncated\":false}}",
            "{\"seq\":2,\"index\":0,\"id\":\"order-0\",\"state\":\"SUCCEEDED\",\"statusCode\":200,"
                + "\"attempts\":1,\"latencyMs\":12,\"finishedAt\":\"2026-01-02T03:04:05.678Z\","
                + "\"error\":null}");

    store.settle(ref, List.of(succeeded(1)));
    List<String> more = get(results(ref) + "?after=2").body().lines().toList();
    assertThat(more).hasSize(1);
    assertThat(more.getFirst()).startsWith("{\"seq\":3,\"index\":1,");
    assertThat(get(results(ref) + "?state=FAILED&statusCode=422").body().lines()).hasSize(1);
    assertThat(get(results(ref) + "?id=order-1").body().lines()).hasSize(1);
    assertThat(get(results(ref) + "?after=3").body()).isEmpty();
    assertThat(get(results(ref), "Accept", "*/*").header("Content-Type"))
        .isEqualTo("application/x-ndjson");
  }

  private static String results(BatchRef ref) {
    return "/v1/batches/" + ref.publicId() + "/results";
  }

  @Test
  void resultLinesStayLinesAndTheirInputsAreItems() {
    BatchRef ref = batch(5);
    store.settle(
        ref, List.of(succeeded(0), succeeded(1), succeeded(2), succeeded(3), succeeded(4)));

    List<String> lines = get(results(ref) + "?include=input").body().lines().toList();

    assertThat(lines).hasSize(5);
    JsonNode input = JSON.readTree(lines.get(3)).path("input");
    assertThat(input.toString())
        .isEqualTo(
            "{\"id\":\"order-3\",\"url\":\"https://api.example.com/orders?n=3\","
                + "\"method\":\"POST\",\"body\":{\"n\":3}}");
    store.dropPayloads();
    get(results(ref) + "?include=input").isProblem(410, "payload_expired");
    assertThat(get(results(ref)).body().lines()).hasSize(5);
  }

  @Test
  void csvIsHarmlessInASpreadsheet() {
    BatchRef ref =
        batch("csv", Map.of(), Map.of(PARTNER, List.of(item(0, "=1+1"), item(1, "a,\"b\"\n"))));
    store.settle(ref, List.of(outcome(0, "=1+1", "@SUM(A1)"), outcome(1, "a,\"b\"\n", "x")));

    Answer answer = get(results(ref), "Accept", "text/csv;q=0.9, application/json");

    assertThat(answer.header("Content-Type")).isEqualTo("text/csv;charset=UTF-8");
    assertThat(answer.body())
        .isEqualTo(
            """
            id,sluice_seq,sluice_index,sluice_state,sluice_status_code,sluice_attempts,sluice_latency_ms,sluice_finished_at,sluice_error_code,sluice_error_message,sluice_response_body,sluice_response_encoding,sluice_response_truncated\r
            '=1+1,1,0,FAILED,500,1,1,2026-01-01T00:00:00Z,http_status,'-1,'@SUM(A1),,true\r
            "a,""b""
            ",2,1,FAILED,500,1,1,2026-01-01T00:00:00Z,http_status,'-1,x,,true\r
            """);
    String withInput = get(results(ref) + "?include=input", "Accept", "text/csv").body();
    assertThat(withInput.lines().findFirst().orElseThrow())
        .startsWith("id,url,method,headers,body,form,text,base64,orderingKey,sluice_seq,");
    assertThat(withInput)
        .contains("'=1+1,https://api.example.com/orders?n=0,POST,,\"{\"\"n\"\": 0}\",,,,,1,0,");
  }

  private static Outcome outcome(long index, String id, String body) {
    return new Outcome(
        index,
        id,
        OutcomeState.FAILED,
        500,
        1,
        1,
        Instant.parse("2026-01-01T00:00:00Z"),
        new ItemError("http_status", "-1"),
        new CapturedResponse(List.of(), body.getBytes(StandardCharsets.UTF_8), true));
  }

  @Test
  void responseBodiesAreTextOrMarkedBase64() {
    BatchRef ref = batch(3);
    byte[] cut = java.util.Arrays.copyOf("ü".getBytes(StandardCharsets.UTF_8), 1);
    store.settle(
        ref,
        List.of(
            captured(0, new byte[] {(byte) 0xff, 0}, false),
            captured(1, cut, true),
            captured(2, cut, false)));

    List<JsonNode> responses =
        get(results(ref)).body().lines().map(line -> JSON.readTree(line).path("response")).toList();

    assertThat(responses.get(0).path("body").asString()).isEqualTo("/wA=");
    assertThat(responses.get(0).path("encoding").asString()).isEqualTo("base64");
    assertThat(responses.get(1).path("body").asString()).isEmpty();
    assertThat(responses.get(1).has("encoding")).isFalse();
    assertThat(responses.get(2).path("encoding").asString()).isEqualTo("base64");
  }

  private static Outcome captured(long index, byte[] body, boolean truncated) {
    return new Outcome(
        index,
        null,
        OutcomeState.FAILED,
        500,
        1,
        1,
        Instant.EPOCH,
        new ItemError("http_status", "no"),
        new CapturedResponse(List.of(), body, truncated));
  }

  @Test
  void aStreamThatBreaksNeverLooksComplete() throws IOException {
    int count = 2_000;
    List<Item> many = new ArrayList<>();
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      many.add(item(i, null));
      outcomes.add(captured(i, "x".repeat(4 * count).getBytes(StandardCharsets.UTF_8), false));
    }
    BatchRef ref = batch("long", Map.of(), Map.of(PARTNER, many));
    store.settle(ref, outcomes);
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      socket.setSoTimeout(20_000);
      OutputStream out = socket.getOutputStream();
      String request =
          "GET " + results(ref) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      out.write(request.getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      byte[] begin = in.readNBytes(8192);
      store.failWith(StoreException.Kind.UNAVAILABLE);
      byte[] rest;
      try {
        rest = in.readAllBytes();
      } catch (IOException reset) {
        rest = new byte[0];
      }
      String end = new String(rest, StandardCharsets.UTF_8);
      assertThat(new String(begin, StandardCharsets.UTF_8)).contains("200", "chunked");
      // The last chunk of a complete chunked body is empty.
      assertThat(end).doesNotEndWith("0\r\n\r\n");
    } finally {
      store.failWith(null);
    }
  }
}
