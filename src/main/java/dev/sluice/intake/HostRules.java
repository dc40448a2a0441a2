package dev.sluice.intake;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which hosts a URL may name: ASCII names as RFC 2396 and RFC 1123 write them, dotted-quad IPv4 and
 * bracketed IPv6. Forms that browsers and {@code java.net.URI} read differently are refused, so no
 * guard further on sees another host than the one that is dialled.
 */
final class HostRules {

  private static final int MAX_NAME = 253;
  private static final int MAX_LABEL = 63;

  /** No zone, no further brackets: both would pass as a literal. */
  private static final Set<Integer> V6_CHARACTERS = characters("0123456789abcdefABCDEF:.");

  private HostRules() {}

  private static Set<Integer> characters(String text) {
    return text.chars().boxed().collect(Collectors.toSet());
  }

  /** Gives the host in lower case, IPv6 in its one canonical form; null when it is refused. */
  static @Nullable String canonical(String host) {
    if (host.startsWith("[")) {
      return canonicalV6(host);
    }
    String lower = host.toLowerCase(Locale.ROOT);
    int dot = lower.lastIndexOf('.', lower.length() - 2);
    String last = lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    last = last.substring(dot + 1);
    if (!last.isEmpty() && last.charAt(0) >= '0' && last.charAt(0) <= '9') {
      return isDottedQuad(lower) ? lower : null;
    }
    return isName(lower) ? lower : null;
  }

  private static boolean isName(String name) {
    int length = name.endsWith(".") ? name.length() - 1 : name.length();
    if (length == 0 || length > MAX_NAME) {
      return false;
    }
    int labelStart = 0;
    for (int i = 0; i <= length; i++) {
      if (i == length || name.charAt(i) == '.') {
        if (!isLabel(name, labelStart, i)) {
          return false;
        }
        labelStart = i + 1;
      }
    }
    return true;
  }

  private static boolean isLabel(String name, int from, int to) {
    if (to == from || to - from > MAX_LABEL) {
      return false;
    }
    for (int i = from; i < to; i++) {
      char c = name.charAt(i);
      boolean inner = i > from && i < to - 1;
      if (!isAlphanumeric(c) && !(c == '-' && inner)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isAlphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }

  private static boolean isDottedQuad(String host) {
    String[] parts = host.split("\\.", -1);
    if (parts.length != 4) {
      return false;
    }
    for (String part : parts) {
      if (!isOctet(part)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isOctet(String part) {
    if (part.isEmpty() || part.length() > 3 || (part.length() > 1 && part.charAt(0) == '0')) {
      return false;
    }
    int value = 0;
    for (int i = 0; i < part.length(); i++) {
      if (part.charAt(i) < '0' || part.charAt(i) > '9') {
        return false;
      }
      value = value * 10 + part.charAt(i) - '0';
    }
    return value <= 255;
  }

  private static @Nullable String canonicalV6(String host) {
    boolean literal = host.length() > 2 && host.endsWith("]");
    if (!literal || !V6_CHARACTERS.containsAll(characters(host.substring(1, host.length() - 1)))) {
      return null;
    }
    try {
      InetAddress address = InetAddress.ofLiteral(host.substring(1, host.length() - 1));
      // An IPv4 address in IPv6 dress comes back as IPv4: it must be written as what it is.
      return address instanceof Inet6Address ? '[' + compressed(address.getAddress()) + ']' : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /**
   * The text form of RFC 5952: the longest run of zero groups, the first of equals, is left out.
   */
  private static String compressed(byte[] address) {
    int bestStart = -1;
    int bestLength = 1;
    for (int group = 0, run = 0; group < 8; group++) {
      run = group(address, group) == 0 ? run + 1 : 0;
      if (run > bestLength) {
        bestLength = run;
        bestStart = group - run + 1;
      }
    }
    StringBuilder text = new StringBuilder(39);
    for (int group = 0; group < 8; group++) {
      if (group == bestStart) {
        text.append("::");
        group += bestLength - 1;
        continue;
      }
      if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(group(address, group)));
    }
    return text.toString();
  }

  private static int group(byte[] address, int group) {
    return ((address[2 * group] & 0xff) << 8) | (address[2 * group + 1] & 0xff);
  }
}
