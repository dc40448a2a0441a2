package dev.sluice.api;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import tools.jackson.databind.json.JsonMapper;

/** Answers a problem where no handler can: from filters and from the container. */
public final class ProblemWriter {

  private static final JsonMapper JSON = JsonMapper.shared();

  private ProblemWriter() {}

  /**
   * Answers with a problem, and with {@code Retry-After} where it has one.
   *
   * @param instance path of the request; null when it has none that can be told
   * @throws IOException when the client is gone
   */
  public static void write(
      HttpServletResponse response, ApiProblem problem, @Nullable String instance)
      throws IOException {
    byte[] body = JSON.writeValueAsBytes(Problems.body(problem, instance));
    response.setStatus(problem.status());
    response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
    response.setCharacterEncoding(StandardCharsets.UTF_8);
    response.setContentLength(body.length);
    Problems.guard(response);
    if (problem.retryAfter() != null) {
      response.setHeader(HttpHeaders.RETRY_AFTER, Problems.seconds(problem.retryAfter()));
    }
    response.getOutputStream().write(body);
  }
}
