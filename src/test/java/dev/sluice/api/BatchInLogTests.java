package dev.sluice.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.servlet.HandlerMapping;

/** What stands beside the log lines of a call. */
class BatchInLogTests {

  private final BatchInLog interceptor = new BatchInLog();
  private final MockHttpServletRequest request = new MockHttpServletRequest();
  private final MockHttpServletResponse response = new MockHttpServletResponse();

  @AfterEach
  void clear() {
    MDC.clear();
  }

  @Test
  void theBatchIsThereForAsLongAsTheCall() {
    about("bat_1");
    assertThat(interceptor.preHandle(request, response, this)).isTrue();
    assertThat(MDC.get("batchId")).isEqualTo("bat_1");
    interceptor.afterCompletion(request, response, this, null);
    assertThat(MDC.get("batchId")).isNull();
  }

  @Test
  void soIsTheTenant() {
    SecurityContextHolder.getContext()
        .setAuthentication(
            new TestingAuthenticationToken(new Caller("billing", "acme", Set.of()), ""));
    try {
      interceptor.preHandle(request, response, this);
      assertThat(MDC.get("tenant")).isEqualTo("acme");
      interceptor.afterCompletion(request, response, this, null);
      assertThat(MDC.get("tenant")).isNull();
    } finally {
      SecurityContextHolder.clearContext();
    }
  }

  @Test
  void aThreadThatOthersGoOnForForgetsIt() {
    about("bat_1");
    interceptor.preHandle(request, response, this);
    interceptor.afterConcurrentHandlingStarted(request, response, this);
    assertThat(MDC.get("batchId")).isNull();
  }

  @Test
  void whatIsNoBatchIsNotNamed() {
    about("x\ny");
    interceptor.preHandle(request, response, this);
    assertThat(MDC.get("batchId")).isNull();
  }

  private void about(String id) {
    request.setAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE, Map.of("id", id));
  }
}
