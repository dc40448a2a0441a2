package dev.sluice.intake;

import dev.sluice.model.Header;
import dev.sluice.model.ReservedHeaders;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which header fields an item may bring: RFC 9110 §5.5 and §5.6.2, bounded, and none that frames
 * the message or belongs to the connection.
 */
final class HeaderRules {

  static final int MAX_HEADERS = 64;
  static final int MAX_VALUE = 8 * 1024;
  static final int MAX_TOTAL = 32 * 1024;

  private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";

  private HeaderRules() {}

  /** Tells why the name is refused; null when it is fine. */
  static @Nullable String nameProblem(String name) {
    if (!isToken(name)) {
      return "A header name is a token of letters, digits and " + TOKEN_MARKS;
    }
    if (ReservedHeaders.contains(name)) {
      return "The header " + name + " belongs to Sluice or to the connection";
    }
    return null;
  }

  /** Tells why the value is refused; null when it is fine. */
  static @Nullable String valueProblem(String value) {
    if (value.length() > MAX_VALUE) {
      return "A header value has at most " + MAX_VALUE + " bytes";
    }
    if (!value.isEmpty()
        && (isBlank(value.charAt(0)) || isBlank(value.charAt(value.length() - 1)))) {
      return "A header value neither begins nor ends with white space";
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
        return String.format("A header value must not hold U+%04X", (int) c);
      }
    }
    return null;
  }

  /** Tells why the headers together are refused; null when they are fine. */
  static @Nullable String listProblem(List<Header> headers) {
    if (headers.size() > MAX_HEADERS) {
      return "An item has at most " + MAX_HEADERS + " headers";
    }
    int total = 0;
    int contentTypes = 0;
    for (Header header : headers) {
      total += header.name().length() + header.value().length();
      contentTypes += header.name().equalsIgnoreCase("content-type") ? 1 : 0;
    }
    if (total > MAX_TOTAL) {
      return "The headers of an item have at most " + MAX_TOTAL + " bytes together";
    }
    return contentTypes > 1 ? "An item has at most one Content-Type" : null;
  }

  /** Gives defaults with the item's own headers over them, name by name whatever the case. */
  static List<Header> merge(List<Header> defaults, List<Header> own) {
    if (own.isEmpty()) {
      return defaults;
    }
    if (defaults.isEmpty()) {
      return own;
    }
    List<Header> merged = new ArrayList<>(defaults.size() + own.size());
    for (Header header : defaults) {
      if (own.stream().noneMatch(mine -> mine.name().equalsIgnoreCase(header.name()))) {
        merged.add(header);
      }
    }
    merged.addAll(own);
    return List.copyOf(merged);
  }

  /** Tells whether the text is an RFC 9110 token. */
  static boolean isToken(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean alphanumeric =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!alphanumeric && TOKEN_MARKS.indexOf(c) < 0) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }
}
