package dev.sluice.intake;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which methods an item may name. */
final class MethodRules {

  private static final int MAX_METHOD = 32;
  private static final Set<String> STANDARD =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  /** One opens a tunnel, one echoes credentials, one is the HTTP/2 preface. */
  private static final Set<String> DENIED = Set.of("CONNECT", "TRACE", "PRI");

  private MethodRules() {}

  /**
   * Gives the method as it is sent: standard ones in upper case, others must be so already. Null
   * when it is refused.
   */
  static @Nullable String canonical(String method) {
    if (STANDARD.contains(method)) {
      return method;
    }
    if (method.length() > MAX_METHOD || !HeaderRules.isToken(method)) {
      return null;
    }
    String upper = method.toUpperCase(Locale.ROOT);
    if (DENIED.contains(upper)) {
      return null;
    }
    return STANDARD.contains(upper) || upper.equals(method) ? upper : null;
  }

  /** Tells whether a request with the method may carry a body; GET may, as search APIs want it. */
  static boolean allowsBody(String method) {
    return !method.equals("HEAD");
  }
}
