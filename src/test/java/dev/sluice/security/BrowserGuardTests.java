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
import org.springframework.test.context.TestPropertySource;

/** What a web page could make a browser on this machine send, over sockets. */
@NullUnmarked
@TestPropertySource(properties = "sluice.security.allowed-hosts=proxy.example.com")
class BrowserGuardTests extends ApiTestBase {

  @LocalManagementPort private int managementPort;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1:1",
        "127.8.9.1",
        "[::1]:8080",
        "sluice.localhost",
        "localhost.",
        "proxy.example.com",
        "Proxy.Example.com:443"
      })
  void answersToNamesOfThisMachine(String host) throws IOException {
    assertThat(RawHttp.request(port, "GET", "/v1/batches", "Host: " + host).status())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "xlocalhost",
        "0.0.0.0",
        "192.168.0.1",
        "[::ffff:127.0.0.1]",
        "a.proxy.example.com",
        ""
      })
  void answersToNoOtherName(String host) throws IOException {
    for (int anyPort : List.of(port, managementPort)) {
      for (String target :
          List.of("/v1/batches", "/v3/api-docs", "/actuator/prometheus", "/nothing")) {
        Reply reply = RawHttp.request(anyPort, "GET", target, "Host: " + host);
        assertThat(reply.status()).as(host + target).isEqualTo(421);
        assertThat(reply.body()).contains("\"code\":\"host_not_allowed\"");
        assertThat(reply.header("Content-Type")).startsWith("application/problem+json");
      }
    }
  }

  @Test
  void aProbeWithoutHostPasses() throws IOException {
    String probe = "GET /actuator/health/liveness HTTP/1.0\r\n\r\n";
    assertThat(RawHttp.send(managementPort, probe).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: https://evil.example",
        "Origin: http://localhost:1",
        "Origin: http://localhost",
        "Origin: null",
        "Origin: http://evil.example#localhost:8080",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
      })
  void pagesOfOtherOriginsChangeNothing(String header) throws IOException {
    for (String method : List.of("POST", "PUT", "PATCH", "DELETE")) {
      Reply reply =
          RawHttp.request(port, method, "/v1/batches/bat_1/pause", "Host: localhost:8080", header);
      assertThat(reply.status()).as(method).isEqualTo(403);
      assertThat(reply.body()).contains("\"code\":\"cross_site\"");
    }
    assertThat(RawHttp.request(port, "GET", "/v1/batches", "Host: localhost:8080", header).status())
        .as("what only reads is kept from pages by the browser")
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: http://localhost:8080",
        "Origin: http://LOCALHOST:8080",
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
        "User-Agent: curl"
      })
  void ourOwnPagesAndProgramsDo(String header) throws IOException {
    Reply reply =
        RawHttp.request(port, "POST", "/v1/batches/bat_1/pause", "Host: localhost:8080", header);
    assertThat(reply.body()).contains("\"code\":\"batch_not_found\"");
  }
}
