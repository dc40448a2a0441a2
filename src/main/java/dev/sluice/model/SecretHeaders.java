package dev.sluice.model;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Header fields whose values are secrets by what they are called: they are stored sealed and shown
 * to nobody. Operators may name more.
 */
public final class SecretHeaders {

  private static final Set<String> NAMES =
      Set.of("authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2");
  private static final List<String> WORDS =
      List.of(
          "api-key", "apikey", "token", "secret", "password", "passwd", "credential", "session");

  private SecretHeaders() {}

  /** Tells whether the name is one, in any case. */
  public static boolean contains(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return NAMES.contains(lower) || WORDS.stream().anyMatch(lower::contains);
  }
}
