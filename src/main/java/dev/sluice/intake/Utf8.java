package dev.sluice.intake;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Well-formed UTF-8 and nothing else: RFC 3629, table 3-7 of the Unicode standard. */
final class Utf8 {

  private Utf8() {}

  /** Tells whether the bytes are UTF-8 without overlong forms, surrogates or stray bytes. */
  static boolean isValid(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      int lead = bytes[at++];
      if (lead >= 0) {
        continue;
      }
      int more = continuations(lead & 0xff);
      if (more == 0 || to - at < more || !secondFits(lead & 0xff, bytes[at] & 0xff)) {
        return false;
      }
      for (int end = at + more; at < end; at++) {
        if ((bytes[at] & 0xc0) != 0x80) {
          return false;
        }
      }
    }
    return true;
  }

  private static int continuations(int lead) {
    if (lead >= 0xc2 && lead <= 0xdf) {
      return 1;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
      return 2;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
  }

  private static boolean secondFits(int lead, int second) {
    return switch (lead) {
      case 0xe0 -> second >= 0xa0;
      case 0xed -> second <= 0x9f;
      case 0xf0 -> second >= 0x90;
      case 0xf4 -> second <= 0x8f;
      default -> true;
    };
  }

  /** Gives the bytes of a text; null when it holds half a surrogate pair, which has none. */
  static byte @Nullable [] encode(String text) {
    return isPaired(text) ? text.getBytes(StandardCharsets.UTF_8) : null;
  }

  /** Tells whether every surrogate of the text has its other half. */
  static boolean isPaired(String text) {
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      if (!Character.isSurrogate(unit)) {
        continue;
      }
      if (!Character.isHighSurrogate(unit)
          || i + 1 == text.length()
          || !Character.isLowSurrogate(text.charAt(++i))) {
        return false;
      }
    }
    return true;
  }
}
