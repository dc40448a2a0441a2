package dev.sluice.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sluice.model.CapturedResponse;
import dev.sluice.model.Header;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was kept of a response.
 *
 * @param headers a name that came more than once has a list of values
 * @param body the text when it is valid UTF-8 without NUL, else base64
 * @param encoding {@code base64} when the body is; absent for text
 * @param truncated whether the body was longer or broke off
 */
public record ResponseView(
    Map<String, Object> headers,
    String body,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String encoding,
    boolean truncated) {

  /** Gives the view; null when nothing was captured. */
  public static @Nullable ResponseView of(@Nullable CapturedResponse response) {
    if (response == null) {
      return null;
    }
    String text = text(response.body(), response.truncated());
    return new ResponseView(
        headers(response.headers()),
        text == null ? Base64.getEncoder().encodeToString(response.body()) : text,
        text == null ? "base64" : null,
        response.truncated());
  }

  static Map<String, Object> headers(List<Header> headers) {
    Map<String, Object> shown = new LinkedHashMap<>();
    for (Header header : headers) {
      shown.merge(header.name(), header.value(), ResponseView::join);
    }
    return shown;
  }

  /** Makes a list of what came more than once. */
  static Object join(Object earlier, Object value) {
    List<Object> values = new ArrayList<>();
    if (earlier instanceof List<?> list) {
      values.addAll(list);
    } else {
      values.add(earlier);
    }
    values.add(value);
    return values;
  }

  /** Gives the text, or null when the bytes are none; a cut may have split the last character. */
  private static @Nullable String text(byte[] bytes, boolean truncated) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CharBuffer characters = CharBuffer.allocate(bytes.length);
    ByteBuffer input = ByteBuffer.wrap(bytes);
    if (decoder.decode(input, characters, !truncated).isError()) {
      return null;
    }
    String text = characters.flip().toString();
    return text.indexOf('\0') < 0 ? text : null;
  }
}
