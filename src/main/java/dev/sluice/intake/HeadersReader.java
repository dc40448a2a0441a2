package dev.sluice.intake;

import dev.sluice.api.Pointers;
import dev.sluice.model.Header;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads {@code headers}: an object of strings, or of arrays of strings for repeated fields. Items
 * of a batch mostly bring the same headers, so the bytes of the last good object are remembered and
 * equal bytes give the same list again. One thread.
 */
final class HeadersReader {

  private final ErrorLog errors;
  private byte[] lastBytes = ItemFields.NOTHING;
  private List<Header> lastHeaders = List.of();

  HeadersReader(ErrorLog errors) {
    this.errors = errors;
  }

  /**
   * Reads the object the parser stands on.
   *
   * @param from where the parser's text begins in {@code bytes}
   */
  List<Header> read(JsonParser parser, byte[] bytes, int from, int to) {
    int start = from + (int) parser.currentTokenLocation().getByteOffset();
    int length = lastBytes.length;
    if (length > 0
        && start + length <= to
        && Arrays.equals(bytes, start, start + length, lastBytes, 0, length)) {
      parser.skipChildren();
      return lastHeaders;
    }
    int before = errors.count();
    List<Header> headers = new ArrayList<>();
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      field(parser, name, headers);
    }
    List<Header> read = List.copyOf(headers);
    if (errors.count() == before) {
      int end = from + (int) parser.currentLocation().getByteOffset();
      lastBytes = Arrays.copyOfRange(bytes, start, end);
      lastHeaders = read;
    }
    return read;
  }

  private void field(JsonParser parser, String name, List<Header> headers) {
    String pointer = "/headers" + Pointers.to(name);
    String problem = HeaderRules.nameProblem(name);
    if (problem != null) {
      errors.report(pointer, "invalid_header_name", problem);
    }
    if (parser.nextToken() != JsonToken.START_ARRAY) {
      value(parser, pointer, name, headers);
      return;
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      value(parser, pointer, name, headers);
    }
  }

  private void value(JsonParser parser, String pointer, String name, List<Header> headers) {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      errors.report(pointer, "invalid_type", "A header value must be a string");
      parser.skipChildren();
      return;
    }
    String value = parser.getString();
    String problem = HeaderRules.valueProblem(value);
    if (problem != null) {
      errors.report(pointer, "invalid_header_value", problem);
    } else if (headers.size() <= HeaderRules.MAX_HEADERS) {
      headers.add(new Header(name, value));
    }
  }
}
