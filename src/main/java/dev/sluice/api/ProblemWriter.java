package dev.sluice.api;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import tools.jackson.databind.json.JsonMapper;

/** Answers a problem where no handler can: from filters. */
public final class ProblemWriter {

  private static final JsonMapper JSON = JsonMapper.shared();

  private ProblemWriter() {}

  /**
   * Answers with a problem, and with {@code Retry-After} where it has one.
   *
   * @param instance path of the request
   * @throws IOException when the client is gone
   */
  public static void write(HttpServletResponse response, ApiProblem problem, String instance)
      throws IOException {
    byte[] body = JSON.writeValueAsBytes(Problems.body(problem, instance));
    response.setStatus(problem.status());
    response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
    response.setCharacterEncoding(StandardCharsets.UTF_8);
    response.setContentLength(body.length);
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    if (problem.retryAfter() != null) {
      response.setHeader(HttpHeaders.RETRY_AFTER, Problems.seconds(problem.retryAfter()));
    }
    response.getOutputStream().write(body);
  }
}
