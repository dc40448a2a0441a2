package dev.sluice.intake;

import dev.sluice.model.Destination;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes URLs apart into destination and origin-form target, strictly: what is accepted means the
 * same to RFC 3986, {@code java.net.URI} and the WHATWG rules, and is sent as it was written.
 * Remembers the origins it has seen. One thread.
 */
final class UrlReader {

  static final int MAX_URL = 2048;
  private static final int MAX_REMEMBERED = 4096;

  private static final boolean[] PATH = table("-._~!$&'()*+,;=:@/");
  private static final boolean[] QUERY = table("-._~!$&'()*+,;=:@/?[]");

  private final Map<String, Destination> origins = new HashMap<>();
  private String lastOrigin = "\0";
  private @Nullable Destination lastDestination;
  private String problem = "";

  /** A URL taken apart. */
  record Address(Destination destination, String target) {}

  /** Gives the address of a URL; null when it is refused, then {@link #problem()} tells why. */
  @Nullable Address read(String url) {
    if (url.length() > MAX_URL) {
      return refused("it has " + url.length() + " characters, at most " + MAX_URL + " may be");
    }
    int originEnd;
    Destination destination = lastDestination;
    if (destination != null && url.startsWith(lastOrigin) && endsAuthority(url, lastOrigin)) {
      originEnd = lastOrigin.length();
    } else {
      originEnd = originEnd(url);
      if (originEnd < 0) {
        return refused("it must begin with http:// or https:// and a host");
      }
      destination = destination(url.substring(0, originEnd));
      if (destination == null) {
        return null;
      }
    }
    String target = target(url, originEnd);
    return target == null ? null : new Address(destination, target);
  }

  /** Tells why the last URL was refused. */
  String problem() {
    return problem;
  }

  private static boolean endsAuthority(String url, String origin) {
    return url.length() == origin.length() || isAuthorityEnd(url.charAt(origin.length()));
  }

  private static boolean isAuthorityEnd(char c) {
    return c == '/' || c == '?' || c == '#';
  }

  private static int originEnd(String url) {
    int authority;
    if (url.regionMatches(true, 0, "http://", 0, 7)) {
      authority = 7;
    } else if (url.regionMatches(true, 0, "https://", 0, 8)) {
      authority = 8;
    } else {
      return -1;
    }
    int end = authority;
    while (end < url.length() && !isAuthorityEnd(url.charAt(end))) {
      end++;
    }
    return end == authority ? -1 : end;
  }

  private @Nullable Destination destination(String origin) {
    Destination known = origins.get(origin);
    if (known == null) {
      known = parse(origin);
      if (known == null) {
        return null;
      }
      if (origins.size() >= MAX_REMEMBERED) {
        origins.clear();
      }
      origins.put(origin, known);
    }
    lastOrigin = origin;
    lastDestination = known;
    return known;
  }

  private @Nullable Destination parse(String origin) {
    String scheme = origin.charAt(4) == ':' ? "http" : "https";
    String authority = origin.substring(scheme.length() + 3);
    if (authority.indexOf('@') >= 0) {
      return refusedOrigin("user information in it is not allowed; use an Authorization header");
    }
    int colon = authority.lastIndexOf(':');
    boolean hasPort = colon > authority.lastIndexOf(']');
    int port = scheme.equals("https") ? 443 : 80;
    if (hasPort) {
      port = port(authority, colon + 1);
      if (port < 0) {
        return refusedOrigin("its port must be 1..65535");
      }
    }
    String host = HostRules.canonical(hasPort ? authority.substring(0, colon) : authority);
    if (host == null) {
      return refusedOrigin(
          "its host must be an ASCII or punycode name, a dotted-quad IPv4 or a bracketed IPv6"
              + " address");
    }
    return new Destination(scheme, host, port);
  }

  private static int port(String authority, int from) {
    int digits = authority.length() - from;
    if (digits < 1 || digits > 5) {
      return -1;
    }
    int port = 0;
    for (int i = from; i < authority.length(); i++) {
      char c = authority.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      port = port * 10 + c - '0';
    }
    return port >= 1 && port <= 65_535 ? port : -1;
  }

  private @Nullable String target(String url, int from) {
    boolean[] allowed = PATH;
    boolean inPath = true;
    boolean dots = false;
    for (int i = from; i < url.length(); i++) {
      char c = url.charAt(i);
      if (c < 128 && allowed[c]) {
        dots |= c == '.';
      } else if (c == '?' && inPath) {
        allowed = QUERY;
        inPath = false;
      } else if (c == '%' && isEscape(url, i)) {
        i += 2;
        dots = true;
      } else {
        problem = illegal(c, i);
        return null;
      }
    }
    String rest = url.substring(from);
    if (dots && DotSegments.in(rest)) {
      problem = "its path must not hold . or .. segments";
      return null;
    }
    return rest.startsWith("/") ? rest : '/' + rest;
  }

  private static String illegal(char c, int at) {
    return c == '#'
        ? "a fragment is not sent, so it is not allowed"
        : String.format("character U+%04X at %d must be percent-encoded", (int) c, at);
  }

  private static boolean isEscape(String url, int at) {
    return at + 2 < url.length()
        && HexFormat.isHexDigit(url.charAt(at + 1))
        && HexFormat.isHexDigit(url.charAt(at + 2));
  }

  private @Nullable Address refused(String why) {
    problem = why;
    return null;
  }

  private @Nullable Destination refusedOrigin(String why) {
    problem = why;
    return null;
  }

  private static boolean[] table(String marks) {
    boolean[] table = new boolean[128];
    for (char c = '0'; c <= 'z'; c++) {
      table[c] = Character.isLetterOrDigit(c);
    }
    marks.chars().forEach(mark -> table[mark] = true);
    return table;
  }
}
