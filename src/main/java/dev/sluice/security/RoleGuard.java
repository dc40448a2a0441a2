package dev.sluice.security;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Caller;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.HttpHeaders;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Lets a caller reach a handler of ours only with the role that it {@link Requires}. A handler that
 * names none is reached by nobody, not even where nobody is asked who they are.
 */
final class RoleGuard implements HandlerInterceptor {

  private static final Logger log = LoggerFactory.getLogger(RoleGuard.class);

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    if (request.getDispatcherType() == DispatcherType.ERROR
        || !(handler instanceof HandlerMethod method)
        || !method.getBeanType().getPackageName().startsWith("dev.sluice")
        || ErrorController.class.isAssignableFrom(method.getBeanType())) {
      return true;
    }
    Role role = role(method);
    if (role == null) {
      log.atError().addKeyValue("handler", method).log("A call names no role and is closed.");
      throw new ApiProblem(403, "forbidden", "This call is closed");
    }
    Caller caller = Caller.current();
    if (caller == null) {
      response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"sluice\"");
      throw RefusalAnswers.unauthorized();
    }
    if (!caller.may(role)) {
      throw new ApiProblem(403, "forbidden", "This call needs the role " + role)
          .with("role", role.toString());
    }
    return true;
  }

  private static @Nullable Role role(HandlerMethod method) {
    Requires own = method.getMethodAnnotation(Requires.class);
    Requires shared = own == null ? method.getBeanType().getAnnotation(Requires.class) : own;
    return shared == null ? null : shared.value();
  }
}
