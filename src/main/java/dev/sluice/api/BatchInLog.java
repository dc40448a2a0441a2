package dev.sluice.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.web.servlet.AsyncHandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;

/**
 * Puts the batch that a call is about, and the tenant it is made for, beside every line that is
 * logged for the call.
 */
final class BatchInLog implements AsyncHandlerInterceptor {

  /** Not {@code batch}: lines that name one themselves use that. */
  static final String KEY = "batchId";

  static final String TENANT = "tenant";

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    if (request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE)
            instanceof Map<?, ?> variables
        && variables.get("id") instanceof String id
        && id.startsWith("bat_")) {
      MDC.put(KEY, id);
    }
    Caller caller = Caller.current();
    if (caller != null) {
      MDC.put(TENANT, caller.tenant());
    }
    return true;
  }

  @Override
  public void afterCompletion(
      HttpServletRequest request,
      HttpServletResponse response,
      Object handler,
      @Nullable Exception thrown) {
    MDC.remove(KEY);
    MDC.remove(TENANT);
  }

  @Override
  public void afterConcurrentHandlingStarted(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    MDC.remove(KEY);
    MDC.remove(TENANT);
  }
}
