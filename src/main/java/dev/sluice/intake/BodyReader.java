package dev.sluice.intake;

import dev.sluice.api.Pointers;
import dev.sluice.model.BodyKind;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads the body of an item in each way it may be given. One thread. */
final class BodyReader {

  private final ErrorLog errors;

  BodyReader(ErrorLog errors) {
    this.errors = errors;
  }

  /** Gives the bytes of the JSON value the parser stands on exactly as they were sent. */
  byte[] json(JsonParser parser, byte[] bytes, int from) {
    int start = from + (int) parser.currentTokenLocation().getByteOffset();
    parser.skipChildren();
    parser.finishToken();
    int end = from + (int) parser.currentLocation().getByteOffset();
    return Arrays.copyOfRange(bytes, start, end);
  }

  /** Gives the bytes of a field of the kind; null after an error. */
  byte @Nullable [] read(BodyKind kind, JsonParser parser) {
    return switch (kind) {
      case FORM -> form(parser);
      case TEXT -> text(parser);
      case BASE64 -> base64(parser);
      case NONE, JSON -> throw new IllegalStateException(kind + " is no field, indicates a bug");
    };
  }

  private byte @Nullable [] text(JsonParser parser) {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      return refused(parser, "/text", "invalid_type", "text must be a string");
    }
    byte[] bytes = Utf8.encode(parser.getString());
    return bytes != null
        ? bytes
        : refused(parser, "/text", "invalid_string", "text holds half a surrogate pair");
  }

  private byte @Nullable [] base64(JsonParser parser) {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      return refused(parser, "/base64", "invalid_type", "base64 must be a string");
    }
    try {
      return Base64.getDecoder().decode(parser.getString().getBytes(StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException e) {
      return refused(parser, "/base64", "invalid_base64", "base64 is not RFC 4648 base64");
    }
  }

  private byte @Nullable [] form(JsonParser parser) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      return refused(parser, "/form", "invalid_type", "form must be an object");
    }
    int before = errors.count();
    StringBuilder form = new StringBuilder();
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        pair(parser, name, form);
        continue;
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        pair(parser, name, form);
      }
    }
    return errors.count() == before ? form.toString().getBytes(StandardCharsets.US_ASCII) : null;
  }

  private void pair(JsonParser parser, String name, StringBuilder form) {
    JsonToken token = parser.currentToken();
    if (token == null || !token.isScalarValue() || token == JsonToken.VALUE_NULL) {
      String message = "A form value must be a string, number, boolean or an array of these";
      refused(parser, "/form" + Pointers.to(name), "invalid_type", message);
      return;
    }
    String value = parser.getString();
    if (!Utf8.isPaired(name) || !Utf8.isPaired(value)) {
      String message = "A form field holds half a surrogate pair";
      refused(parser, "/form" + Pointers.to(name), "invalid_string", message);
      return;
    }
    if (!form.isEmpty()) {
      form.append('&');
    }
    form.append(URLEncoder.encode(name, StandardCharsets.UTF_8))
        .append('=')
        .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
  }

  private byte @Nullable [] refused(
      JsonParser parser, String pointer, String code, String message) {
    parser.skipChildren();
    errors.report(pointer, code, message);
    return null;
  }
}
