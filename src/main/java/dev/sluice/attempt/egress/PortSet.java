package dev.sluice.attempt.egress;

import java.util.BitSet;
import java.util.List;

/** A set of ports, written as {@code 443} and {@code 1024-65535}. */
final class PortSet {

  private static final int MAX = 65_535;

  private final BitSet ports = new BitSet(MAX + 1);

  private PortSet() {}

  /**
   * Gives the set of all that is listed.
   *
   * @param property named in the message when an entry cannot be read
   */
  static PortSet parse(String property, List<String> entries) {
    PortSet set = new PortSet();
    for (String entry : entries) {
      int dash = entry.indexOf('-');
      int first = port(property, entry, dash < 0 ? entry : entry.substring(0, dash));
      int last = dash < 0 ? first : port(property, entry, entry.substring(dash + 1));
      if (last < first) {
        throw unreadable(property, entry);
      }
      set.ports.set(first, last + 1);
    }
    return set;
  }

  private static int port(String property, String entry, String text) {
    try {
      int port = Integer.parseInt(text.strip());
      if (port >= 1 && port <= MAX) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Told below, as one that is out of range.
    }
    throw unreadable(property, entry);
  }

  private static IllegalArgumentException unreadable(String property, String entry) {
    return new IllegalArgumentException(
        property + " takes ports 1..65535 and ranges such as 1024-65535, was " + entry);
  }

  boolean contains(int port) {
    return ports.get(port);
  }
}
