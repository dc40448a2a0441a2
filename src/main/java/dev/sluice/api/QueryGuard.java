package dev.sluice.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Method;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Refuses query parameters that a handler does not take, so a misspelt filter never passes for no
 * filter. Knows the names from {@code @RequestParam} and {@link TakesQuery}; guards Sluice's own
 * handlers only.
 */
final class QueryGuard implements HandlerInterceptor {

  private final Map<Method, Names> namesByMethod = new ConcurrentHashMap<>();

  /** What a handler takes. */
  private record Names(Set<String> exact, List<String> prefixes, Set<String> notBuilt) {

    boolean take(String name) {
      return exact.contains(name) || prefixes.stream().anyMatch(name::startsWith);
    }
  }

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    String query = request.getQueryString();
    if (query == null
        || query.isEmpty()
        || !(handler instanceof HandlerMethod method)
        || !method.getBeanType().getPackageName().startsWith("dev.sluice")) {
      return true;
    }
    Names names = namesByMethod.computeIfAbsent(method.getMethod(), _ -> names(method));
    for (String pair : query.split("&", -1)) {
      if (!pair.isEmpty()) {
        check(pair, names);
      }
    }
    return true;
  }

  private static void check(String pair, Names names) {
    int equals = pair.indexOf('=');
    String name = decode(equals < 0 ? pair : pair.substring(0, equals));
    if (equals >= 0) {
      decode(pair.substring(equals + 1));
    }
    if (names.notBuilt.contains(name)) {
      throw ApiProblem.notSupported("The parameter " + name).with("parameter", name);
    }
    if (!names.take(name)) {
      String message = "The parameter " + name + " is not known here";
      throw new ApiProblem(
              400,
              "unknown_parameter",
              message,
              List.of(new InputError(null, null, null, "unknown_parameter", message)))
          .with("parameter", name);
    }
  }

  private static String decode(String encoded) {
    try {
      return URLDecoder.decode(encoded, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw new ApiProblem(
          400, "invalid_parameter", "The query string has a broken percent-encoding");
    }
  }

  private static Names names(HandlerMethod handler) {
    Set<String> exact = new HashSet<>();
    for (MethodParameter parameter : handler.getMethodParameters()) {
      RequestParam annotation = parameter.getParameterAnnotation(RequestParam.class);
      if (annotation != null && !Map.class.isAssignableFrom(parameter.getParameterType())) {
        String given = annotation.name().isEmpty() ? annotation.value() : annotation.name();
        exact.add(given.isEmpty() ? String.valueOf(name(parameter)) : given);
      }
    }
    TakesQuery more = handler.getMethodAnnotation(TakesQuery.class);
    if (more == null) {
      return new Names(exact, List.of(), Set.of());
    }
    List<String> prefixes =
        List.of(more.value()).stream()
            .filter(name -> name.endsWith("*"))
            .map(name -> name.substring(0, name.length() - 1))
            .toList();
    exact.addAll(List.of(more.value()));
    return new Names(exact, prefixes, Set.of(more.notBuilt()));
  }

  private static @Nullable String name(MethodParameter parameter) {
    return parameter.getParameter().getName();
  }
}
