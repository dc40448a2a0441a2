package dev.sluice.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/** Writes problems as RFC 9457 wants them. */
final class Problems {

  /** Begins every {@code type}; the code follows. Stable. */
  static final String TYPE_ROOT = "https://sluice.dev/problems/";

  /** Where tracing, when it is on, leaves the trace of the call that a thread serves. */
  private static final String TRACE = "traceId";

  private Problems() {}

  /** Gives the answer for a problem. */
  static ResponseEntity<Object> answer(ApiProblem problem, HttpServletRequest request) {
    return answer(problem, request, HttpHeaders.EMPTY);
  }

  /** Gives the answer for a problem, with more headers. */
  static ResponseEntity<Object> answer(
      ApiProblem problem, HttpServletRequest request, HttpHeaders headers) {
    HttpHeaders all = new HttpHeaders();
    all.putAll(headers);
    all.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
    all.setCacheControl("no-store");
    if (problem.retryAfter() != null) {
      all.set(HttpHeaders.RETRY_AFTER, seconds(problem.retryAfter()));
    }
    return ResponseEntity.status(problem.status())
        .headers(all)
        .body(body(problem, request.getRequestURI()));
  }

  /** Forbids browsers to take a problem for a page, where no filter of ours has run. */
  static void guard(HttpServletResponse response) {
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
  }

  /** Gives a wait as {@code Retry-After} has it: whole seconds, at least one. */
  static String seconds(Duration wait) {
    return Long.toString(Math.max(1, wait.toSeconds()));
  }

  /** Gives the members of a problem; extensions never replace the standard ones. */
  static Map<String, Object> body(ApiProblem problem, @Nullable String instance) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("type", TYPE_ROOT + problem.code());
    body.put("title", title(problem.code()));
    body.put("status", problem.status());
    body.put("detail", String.valueOf(problem.getMessage()));
    if (instance != null) {
      body.put("instance", instance);
    }
    body.put("code", problem.code());
    String trace = MDC.get(TRACE);
    if (trace != null) {
      body.put("traceId", trace);
    }
    List<InputError> errors = problem.errors();
    if (!errors.isEmpty()) {
      body.put("errors", errors);
    }
    problem.extensions().forEach(body::putIfAbsent);
    return body;
  }

  /** Gives the code of a status that nothing more is known about, for example {@code not_found}. */
  static String code(int status) {
    HttpStatus known = HttpStatus.resolve(status);
    return switch (known) {
      case null -> status < 500 ? "invalid_request" : "internal_error";
      case BAD_REQUEST -> "invalid_request";
      case INTERNAL_SERVER_ERROR -> "internal_error";
      default -> known.name().toLowerCase(Locale.ROOT);
    };
  }

  private static String title(String code) {
    String words = code.replace('_', ' ');
    return words.isEmpty()
        ? words
        : words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
  }
}
