package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.security.RawHttp.Reply;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.web.server.LocalManagementPort;

/** What every answer tells a browser, and what none tells anybody. */
@NullUnmarked
class ResponseHeadersTests extends ApiTestBase {

  @LocalManagementPort private int managementPort;

  @Test
  void everyAnswerForbidsWhatABrowserNeedNotDo() {
    String id = batch(2).publicId();
    for (String path :
        List.of(
            "/v1/batches",
            "/v1/batches/" + id,
            "/v1/batches/" + id + "/results",
            "/v1/batches/bat_none",
            "/v1/batches?limit=0",
            "/test/fault",
            "/nothing",
            "/v3/api-docs",
            "/swagger-ui/index.html")) {
      Answer answer = get(path);
      assertThat(answer.header("Content-Security-Policy"))
          .as(path)
          .startsWith("default-src 'none'; script-src 'self';")
          .contains("frame-ancestors 'none'", "base-uri 'none'");
      assertThat(answer.header("X-Content-Type-Options")).as(path).isEqualTo("nosniff");
      assertThat(answer.header("X-Frame-Options")).as(path).isEqualTo("DENY");
      assertThat(answer.header("Referrer-Policy")).as(path).isEqualTo("no-referrer");
      assertThat(answer.header("Cross-Origin-Opener-Policy")).as(path).isEqualTo("same-origin");
      assertThat(answer.header("Cross-Origin-Resource-Policy")).as(path).isEqualTo("same-origin");
      assertThat(answer.header("Permissions-Policy")).as(path).contains("camera=()");
      assertThat(answer.header("Server")).as(path).isNull();
    }
  }

  @Test
  void dataStaysInNoCache() {
    String id = batch(1).publicId();
    for (String path :
        List.of("/v1/batches", "/v1/batches/" + id, "/v1/batches/" + id + "/results", "/nothing")) {
      assertThat(get(path).response().headers().allValues("Cache-Control"))
          .as(path)
          .singleElement()
          .asString()
          .contains("no-store");
    }
  }

  @Test
  void aDownloadIsNoPage() {
    String id = batch(1).publicId();
    Answer csv = get("/v1/batches/" + id + "/results", "Accept", "text/csv");
    assertThat(csv.header("Content-Disposition")).startsWith("attachment");
    assertThat(csv.header("X-Content-Type-Options")).isEqualTo("nosniff");
    Answer lines = get("/v1/batches/" + id + "/results");
    assertThat(lines.header("Content-Disposition")).startsWith("attachment");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n",
        "GET /v1/batches\r\n\r\n",
        "GET /v1/batches HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "GET  /v1/batches HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "G\u0001T /v1/batches HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /v1/{batches} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /v1/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /v1/batches HTTP/1.1\r\n\r\n",
        "GET /v1/batches HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET /v1/batches HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET /v1/batches HTTP/1.1\r\nHost: localhost:port\r\n\r\n",
        "GET /v1/batches HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        "GET /v1/batches HTTP/1.1\r\nHost: localhost\r\nA\u0000: b\r\n\r\n",
        "POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: nonsense\r\n\r\n",
        "POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "TRACE /v1/batches HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "NEW /v1/batches HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /v1/batches;a=b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /v1/batches/a;b=c%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /v1/batches/a;%zzb=c/failures HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /v1a;b=c%/forgotten HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /v1a;b=%c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET //v1//batches HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /v1/%2e%2e/batches HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /actuator/health/../env HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /error HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
      })
  void whatIsNotHttpLearnsNothingOfTheInside(String bytes) throws IOException {
    for (int anyPort : List.of(port, managementPort)) {
      Reply reply = RawHttp.send(anyPort, bytes);
      assertThat(reply.status()).as(reply.head()).isLessThan(600).isNotEqualTo(500);
      assertThat(reply.head() + reply.body())
          .doesNotContainIgnoringCase("tomcat")
          .doesNotContain("Exception", "\tat ", "org.apache", "java.", "jakarta.", "<html");
      if (reply.status() >= 400 && !reply.body().isEmpty() && anyPort == port) {
        assertThat(reply.header("Content-Type")).startsWith("application/problem+json");
        assertThat(reply.header("X-Content-Type-Options")).isEqualTo("nosniff");
      }
    }
  }

  @Test
  void headersThatAreTooLongAreAProblem() throws IOException {
    for (int anyPort : List.of(port, managementPort)) {
      Reply reply =
          RawHttp.request(
              anyPort, "GET", "/v1/batches", "Host: localhost", "X: " + "x".repeat(20_000));
      assertThat(reply.status()).isEqualTo(400);
      assertThat(reply.body()).doesNotContain("Exception", "<html");
    }
  }
}
