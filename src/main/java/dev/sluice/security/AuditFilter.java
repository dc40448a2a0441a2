package dev.sluice.security;

import dev.sluice.api.Caller;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.AuditEntry;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerMapping;

/**
 * Gives every request its id and records what changes something, or was refused. Of strangers only
 * so many a second and address are recorded: there is no end to them.
 */
final class AuditFilter extends OncePerRequestFilter {

  static final String REQUEST_ID = "X-Request-Id";

  private static final Set<Integer> REFUSED = Set.of(401, 403, 421);
  private static final Set<String> NAMES = Set.of("id", "batchId", "key");
  private static final Pattern GIVEN = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final int MAX_TEXT = 200;

  private final Consumer<AuditEntry> audit;
  private final FailureLimit strangers;
  private final ProcessClock clock;

  AuditFilter(Consumer<AuditEntry> audit, FailureLimit strangers, ProcessClock clock) {
    this.audit = audit;
    this.strangers = strangers;
    this.clock = clock;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String given = request.getHeader(REQUEST_ID);
    String id =
        given != null && GIVEN.matcher(given).matches() ? given : UUID.randomUUID().toString();
    response.setHeader(REQUEST_ID, id);
    boolean ended = false;
    try (MDC.MDCCloseable _ = MDC.putCloseable("requestId", id)) {
      chain.doFilter(request, response);
      ended = true;
    } finally {
      int status = ended ? response.getStatus() : 500;
      if (!BrowserGuard.onlyReads(request) || REFUSED.contains(status)) {
        record(request, response, id, status);
      }
    }
  }

  private void record(
      HttpServletRequest request, HttpServletResponse response, String id, int status) {
    Caller caller = Caller.current();
    if (caller == null && !strangers.count(request.getRemoteAddr())) {
      return;
    }
    Object pattern = request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
    String path = pattern == null ? request.getRequestURI() : pattern.toString();
    audit.accept(
        new AuditEntry(
            clock.instant(),
            caller == null ? "unknown" : caller.name(),
            caller == null ? "" : caller.tenant(),
            clean(request.getMethod() + ' ' + path),
            object(request, response),
            status,
            id,
            request.getRemoteAddr()));
  }

  private static @Nullable String object(HttpServletRequest request, HttpServletResponse response) {
    if (request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE)
        instanceof Map<?, ?> variables) {
      for (String name : NAMES) {
        if (variables.get(name) instanceof String value) {
          return clean(value);
        }
      }
    }
    String location = response.getHeader(HttpHeaders.LOCATION);
    return location == null ? null : clean(location.substring(location.lastIndexOf('/') + 1));
  }

  /** What clients chose: bounded, and nothing that a terminal or a log would obey. */
  private static String clean(String text) {
    String cut = text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) : text;
    return cut.codePoints()
        .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
