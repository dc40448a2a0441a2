package dev.sluice.model;

import java.util.List;

/**
 * Names of header fields that no item may bring: they frame the message, belong to the connection,
 * say who asked before, or are Sluice's own. Intake refuses them, and whoever writes a request asks
 * again: a field that frames it twice would make two requests of one.
 */
public final class ReservedHeaders {

  private static final List<String> NAMES =
      List.of(
          "host",
          "content-length",
          "transfer-encoding",
          "te",
          "trailer",
          "connection",
          "keep-alive",
          "upgrade",
          "expect",
          "http2-settings",
          "forwarded",
          "sluice-attempt");

  private static final List<String> PREFIXES = List.of("proxy-", "x-forwarded-");

  private ReservedHeaders() {}

  /** Tells whether the name is one, in any case. Allocates nothing: asked for each header sent. */
  public static boolean contains(String name) {
    for (int i = 0; i < NAMES.size(); i++) {
      String reserved = NAMES.get(i);
      if (reserved.length() == name.length() && reserved.equalsIgnoreCase(name)) {
        return true;
      }
    }
    for (int i = 0; i < PREFIXES.size(); i++) {
      String prefix = PREFIXES.get(i);
      if (name.regionMatches(true, 0, prefix, 0, prefix.length())) {
        return true;
      }
    }
    return false;
  }
}
