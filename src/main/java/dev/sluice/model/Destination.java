package dev.sluice.model;

import java.net.URI;
import java.util.Locale;

/**
 * Where items go: scheme, host and port, the key of a lane.
 *
 * @param scheme {@code http} or {@code https}
 * @param host lower-case host name or address literal; IPv6 literals keep their brackets
 * @param port 1 to 65535, never the implicit default
 */
public record Destination(String scheme, String host, int port) {

  public Destination {
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IllegalArgumentException("Scheme must be http or https, was " + scheme);
    }
    if (host.isEmpty()) {
      throw new IllegalArgumentException("Host must not be empty");
    }
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("Port must be 1..65535, was " + port);
    }
  }

  /** Gives the destination of an absolute http or https URL. */
  public static Destination of(URI url) {
    String scheme = url.getScheme().toLowerCase(Locale.ROOT);
    int port = url.getPort() > 0 ? url.getPort() : scheme.equals("https") ? 443 : 80;
    return new Destination(scheme, url.getHost().toLowerCase(Locale.ROOT), port);
  }

  /**
   * Gives the destination of its key.
   *
   * @throws IllegalArgumentException when {@code key} is not {@code scheme:host:port}
   */
  public static Destination parse(String key) {
    int first = key.indexOf(':');
    int last = key.lastIndexOf(':');
    if (first <= 0 || last <= first + 1) {
      throw new IllegalArgumentException("A destination key is scheme:host:port, was " + key);
    }
    try {
      return new Destination(
          key.substring(0, first),
          key.substring(first + 1, last),
          Integer.parseInt(key, last + 1, key.length(), 10));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("A destination key ends with a port, was " + key, e);
    }
  }

  /** Gives the path form, for example {@code https:api.example.com:443}. */
  public String key() {
    return scheme + ':' + host + ':' + port;
  }

  /** Gives scheme and authority, for example {@code https://api.example.com}, without a path. */
  public String origin() {
    boolean implicitPort = port == (scheme.equals("https") ? 443 : 80);
    return scheme + "://" + host + (implicitPort ? "" : ":" + port);
  }
}
