package dev.sluice.security;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.ProblemWriter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.springframework.http.HttpHeaders;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.access.AccessDeniedHandler;

/** Answers whom the filters do not let in. */
final class RefusalAnswers implements AuthenticationEntryPoint, AccessDeniedHandler {

  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final String CHALLENGE = "Bearer realm=\"sluice\"";

  @Override
  public void commence(
      HttpServletRequest request, HttpServletResponse response, AuthenticationException why)
      throws IOException {
    ApiProblem problem =
        switch (why) {
          case Refused.TooManyFailures e ->
              new ApiProblem(429, "too_many_failures", String.valueOf(e.getMessage()))
                  .retryAfter(RETRY);
          case Refused.IssuerAway e ->
              new ApiProblem(503, "issuer_unavailable", String.valueOf(e.getMessage()))
                  .retryAfter(RETRY);
          default -> unauthorized();
        };
    if (problem.status() == 401) {
      boolean shown = request.getHeader(HttpHeaders.AUTHORIZATION) != null;
      response.setHeader(
          HttpHeaders.WWW_AUTHENTICATE,
          shown ? CHALLENGE + ", error=\"invalid_token\"" : CHALLENGE);
    }
    ProblemWriter.write(response, problem, request.getRequestURI());
  }

  /** Nobody in particular called. */
  static ApiProblem unauthorized() {
    return new ApiProblem(
        401, "unauthorized", "This call needs a valid credential: Authorization: Bearer …");
  }

  @Override
  public void handle(
      HttpServletRequest request, HttpServletResponse response, AccessDeniedException why)
      throws IOException {
    ProblemWriter.write(
        response,
        new ApiProblem(403, "forbidden", "The credential does not allow this call"),
        request.getRequestURI());
  }
}
