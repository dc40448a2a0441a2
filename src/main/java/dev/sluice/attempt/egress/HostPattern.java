package dev.sluice.attempt.egress;

import dev.sluice.model.Destination;
import java.util.Locale;

/**
 * Hosts that an operator names: all, one, or all below a name; of all ports or of one.
 *
 * @param host lower case, without trailing dot; {@code *} for all; begins with a dot for all below
 * @param port 0 for the usual ones
 */
public record HostPattern(String host, int port) {

  static final String ALL = "*";

  /** Gives the pattern of {@code *}, {@code host}, {@code *.host}, each with or without port. */
  public static HostPattern parse(String text) {
    String host = text.strip().toLowerCase(Locale.ROOT);
    int port = 0;
    int colon = host.lastIndexOf(':');
    if (colon > host.lastIndexOf(']')) {
      port = port(text, host.substring(colon + 1));
      host = host.substring(0, colon);
    }
    if (host.equals(ALL)) {
      return new HostPattern(host, port);
    }
    host = withoutDot(host.startsWith("*.") ? host.substring(1) : host);
    if (host.isEmpty() || host.equals(".") || host.indexOf('*') >= 0 || host.indexOf('/') >= 0) {
      throw unreadable(text);
    }
    return new HostPattern(host, port);
  }

  private static int port(String text, String digits) {
    try {
      int port = Integer.parseInt(digits);
      if (port >= 1 && port <= 65_535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Told below, as one that is out of range.
    }
    throw unreadable(text);
  }

  private static IllegalArgumentException unreadable(String text) {
    return new IllegalArgumentException(
        "A host pattern is *, a host, or *.domain, each with or without :port, was " + text);
  }

  /** A name with the dot of the root is the same name. */
  static String withoutDot(String host) {
    return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
  }

  /** Tells whether the destination's host and port are of it. */
  public boolean covers(Destination destination) {
    return matches(withoutDot(destination.host())) && (port == 0 || port == destination.port());
  }

  /** Tells whether it is of this host, in lower case and without trailing dot. */
  boolean matches(String other) {
    return isAll() || (host.startsWith(".") ? other.endsWith(host) : other.equals(host));
  }

  /** Tells whether it is of all hosts. */
  public boolean isAll() {
    return host.equals(ALL);
  }
}
