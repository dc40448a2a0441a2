package dev.sluice.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.store.StoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every kind of error over a real socket. */
@NullUnmarked
class ProblemTests extends ApiTestBase {

  @AfterEach
  void heal() {
    store.failWith(null);
  }

  @Test
  void aPathThatIsNotThereIs404() {
    get("/v1/nothing").isProblem(404, "not_found");
    post("/nothing/at/all", "{}").isProblem(404, "not_found");
    get("/").isProblem(404, "not_found");
    get("/error").isProblem(404, "not_found");
  }

  @Test
  void anUnknownBatchIs404() {
    get("/v1/batches/bat_none").isProblem(404, "batch_not_found");
    get("/v1/batches/bat_none/items").isProblem(404, "batch_not_found");
    get("/v1/batches/bat_none/items/0").isProblem(404, "batch_not_found");
    get("/v1/batches/bat_none/results").isProblem(404, "batch_not_found");
    get("/v1/batches/bat_none/failures").isProblem(404, "batch_not_found");
    get("/v1/batches/bat_none/events").isProblem(404, "batch_not_found");
    get("/v1/batches/bat_none/explain").isProblem(404, "batch_not_found");
    post("/v1/batches/bat_none/pause", null).isProblem(404, "batch_not_found");
  }

  @Test
  void aMethodThatIsNotTakenIs405WithAllow() {
    Answer answer = call("DELETE", "/v1/destinations", null).isProblem(405, "method_not_allowed");
    assertThat(answer.header("Allow")).contains("GET");
    Answer pause = get("/v1/batches/bat_1/pause").isProblem(405, "method_not_allowed");
    assertThat(pause.header("Allow")).isEqualTo("POST");
  }

  @Test
  void aTypeThatCannotBeGivenIs406() {
    String id = batch(1).publicId();
    get("/v1/batches", "Accept", "application/xml").isProblem(406, "not_acceptable");
    get("/v1/batches/" + id + "/results", "Accept", "image/png").isProblem(406, "not_acceptable");
    get("/v1/batches/" + id + "/results", "Accept", "a/b, c").isProblem(406, "not_acceptable");
    get("/v1/batches/" + id + "/events", "Accept", "application/json")
        .isProblem(406, "not_acceptable");
  }

  @Test
  void aBodyOfAnotherTypeIs415() {
    String id = batch(1).publicId();
    call("POST", "/v1/batches/" + id + "/redrive", "a=b", "Content-Type", "text/plain")
        .isProblem(415, "unsupported_media_type");
    call("POST", "/v1/batches/" + id + "/redrive", "{}", "Content-Type", "nonsense")
        .isProblem(415, "unsupported_media_type");
    call("POST", "/v1/batches/" + id + "/redrive", "{}").isProblem(415, "unsupported_media_type");
  }

  @Test
  void wrongParametersAre400() {
    String id = batch(1).publicId();
    get("/v1/batches?limit=many").isProblem(400, "invalid_parameter");
    get("/v1/batches?limit=0").isProblem(400, "invalid_parameter");
    get("/v1/batches?limit=1001").isProblem(400, "invalid_parameter");
    get("/v1/batches?state=WRONG").isProblem(400, "invalid_parameter");
    get("/v1/batches?state=%20").isProblem(400, "invalid_parameter");
    get("/v1/batches/" + id + "/items?state=OPEN,%20").isProblem(400, "invalid_parameter");
    get("/v1/batches/" + id + "/items?state=%20").isProblem(400, "invalid_parameter");
    get("/v1/batches?cursor=@@").isProblem(400, "invalid_cursor");
    get("/v1/batches?cursor=AAAA").isProblem(400, "invalid_cursor");
    get("/v1/batches?cursor=" + Cursor.ITEMS.after(3)).isProblem(400, "invalid_cursor");
    get("/v1/batches?metadata.=x").isProblem(400, "invalid_parameter");
    get("/v1/items").isProblem(400, "missing_parameter");
    get("/v1/batches/" + id + "/items/first").isProblem(400, "invalid_parameter");
    get("/v1/batches/" + id + "/items?statusCode=99").isProblem(400, "invalid_parameter");
    get("/v1/batches/" + id + "/items?destination=x").isProblem(400, "invalid_destination");
    get("/v1/batches/" + id + "/results?state=PENDING").isProblem(400, "invalid_parameter");
    get("/v1/batches/" + id + "/results?after=-1").isProblem(400, "invalid_parameter");
    get("/v1/batches/" + id + "/results?include=all").isProblem(400, "invalid_parameter");
  }

  @Test
  void unknownParametersAre400() {
    String id = batch(1).publicId();
    for (String path :
        List.of(
            "/v1/batches?stat=OPEN",
            "/v1/batches?metadata=x",
            "/v1/batches/" + id + "?x=1",
            "/v1/batches/" + id + "/items?statuscode=500",
            "/v1/batches/" + id + "/items/0?x",
            "/v1/items?id=1&x=1",
            "/v1/batches/" + id + "/results?cursor=1",
            "/v1/batches/" + id + "/failures?x=1",
            "/v1/batches/" + id + "/events?x=1",
            "/v1/destinations?x=1",
            "/v1/destinations/https:a:443?x=1")) {
      Answer answer = get(path).isProblem(400, "unknown_parameter");
      assertThat(answer.json().path("errors").size()).isEqualTo(1);
    }
    post("/v1/batches/" + id + "/pause?force=true", null).isProblem(400, "unknown_parameter");
  }

  @Test
  void callsThatAreNotBuiltAre422() {
    assertThat(NotSupportedCalls.ALL).isNotEmpty();
    for (NotSupportedCalls.Call call : NotSupportedCalls.ALL) {
      String path = call.path().replace("{id}", "bat_1").replace("{index}", "0");
      call(call.method().name(), path, null).isProblem(422, "not_supported");
      call(call.method().name(), path + "?step=1m", null).isProblem(422, "not_supported");
    }
  }

  @Test
  void everyMappedCallThatIsNotBuiltIsListed() {
    long mapped =
        java.util.Arrays.stream(NotSupportedCalls.class.getDeclaredMethods())
            .filter(method -> method.isAnnotationPresent(TakesQuery.class))
            .count();
    assertThat(NotSupportedCalls.ALL).hasSize((int) mapped);
  }

  @Test
  void faultsOfTheStoreTellWhatToDo() {
    store.failWith(StoreException.Kind.UNAVAILABLE);
    Answer busy = get("/v1/batches").isProblem(503, "store_unavailable");
    assertThat(busy.header("Retry-After")).isEqualTo("2");
    store.failWith(StoreException.Kind.FULL);
    call(
            "PATCH",
            "/v1/destinations/https:a.example:443",
            "{\"breaker\":\"auto\"}",
            "Content-Type",
            "application/json")
        .isProblem(507, "store_full");
    store.failWith(StoreException.Kind.CORRUPT);
    Answer corrupt = get("/v1/batches").isProblem(500, "store_corrupt");
    assertThat(corrupt.json().path("errorId").asString()).isNotEmpty();
  }

  @Test
  void faultsOfOursShowAnIdAndNothingElse() {
    Answer fault = get("/test/fault").isProblem(500, "internal_error");
    assertThat(fault.json().path("errorId").asString()).hasSize(36);
    assertThat(fault.body()).doesNotContain("secret");
    get("/test/fault?kind=error").isProblem(500, "internal_error");
  }

  @Test
  void whatTheContainerRefusesIsAProblemToo() throws IOException {
    for (String target : List.of("/v1/batches?x={y}", "/v1/%zz", "/v1/a%00b", "/v1/..%2f..%2fx")) {
      assertThat(raw(target))
          .as(target)
          .startsWith("HTTP/1.1 400")
          .contains("application/problem+json", "\"code\":\"invalid_request\"")
          .doesNotContain("<html");
    }
    for (String query : List.of("name=%ff%fe", "cursor=%ED%A0%80", "limit=%80")) {
      assertThat(raw("/v1/batches?" + query))
          .as(query)
          .startsWith("HTTP/1.1 400")
          .contains("\"code\":\"invalid_parameter\"");
    }
    assertThat(raw("/v1/batches?name=%GG"))
        .startsWith("HTTP/1.1 400")
        .contains("\"code\":\"invalid_parameter\"");
  }

  private String raw(String target) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      OutputStream out = socket.getOutputStream();
      String request =
          "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      out.write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
