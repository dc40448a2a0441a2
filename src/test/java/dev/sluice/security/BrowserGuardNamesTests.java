package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.InboundAccess;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

/** By which names a process beyond loopback answers that knows its own. */
class BrowserGuardNamesTests {

  private final BrowserGuard guard =
      new BrowserGuard(InboundAccess.AUTHENTICATED, List.of("sluice.example.com"));

  @ParameterizedTest
  @CsvSource({
    "sluice.example.com, 200",
    "sluice.example.com:8080, 200",
    "10.1.2.3:8081, 200",
    "[fd00::7]:8081, 200",
    "localhost, 200",
    "evil.example, 421",
    "10.1.2.3.evil.example, 421",
    "[fd00::7.evil.example], 421",
    "[], 421",
  })
  void answersToItsNamesAndToAddresses(String host, int status)
      throws ServletException, IOException {
    MockHttpServletRequest request = new MockHttpServletRequest("GET", "/v1/batches");
    request.addHeader("Host", host);
    MockHttpServletResponse response = new MockHttpServletResponse();
    guard.doFilter(request, response, new MockFilterChain());
    assertThat(response.getStatus()).isEqualTo(status);
  }
}
