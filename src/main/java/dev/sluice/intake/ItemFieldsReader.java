package dev.sluice.intake;

import dev.sluice.api.Pointers;
import dev.sluice.model.BodyKind;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads the JSON object of an item or of a template, field by field. One thread. */
final class ItemFieldsReader {

  private static final int MAX_ID = 255;

  private final ErrorLog errors;
  private final HeadersReader headers;
  private final BodyReader bodies;

  ItemFieldsReader(ErrorLog errors) {
    this.errors = errors;
    this.headers = new HeadersReader(errors);
    this.bodies = new BodyReader(errors);
  }

  /**
   * Reads the object into {@code fields}; what is wrong goes to the log.
   *
   * @return whether the bytes were JSON; false tells that no more may be concluded from them
   */
  boolean read(byte[] bytes, int from, int to, ItemFields fields) {
    fields.clear();
    try (JsonParser parser = StrictJson.parser(bytes, from, to)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        errors.report("", "malformed_json", "Expected an item");
        return false;
      }
      if (first != JsonToken.START_OBJECT) {
        errors.report("", "invalid_type", "An item must be a JSON object");
        parser.skipChildren();
      } else {
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
          field(name, parser, bytes, from, to, fields);
        }
      }
      if (parser.nextToken() != null) {
        errors.report("", "malformed_json", "More follows after the end of the item");
        return false;
      }
      return true;
    } catch (JacksonException e) {
      errors.report("", StrictJson.code(e), StrictJson.describe(e));
      return false;
    }
  }

  private void field(
      String name, JsonParser parser, byte[] bytes, int from, int to, ItemFields fields) {
    JsonToken token = parser.nextToken();
    if (name.equals("body")) {
      if (claimBody(BodyKind.JSON, "/body", fields)) {
        fields.body = bodies.json(parser, bytes, from);
      } else {
        parser.skipChildren();
      }
      return;
    }
    switch (name) {
      case "multipart", "orderingKey", "vars" -> {
        errors.report(Pointers.to(name), "not_supported", name + " is not supported yet");
        parser.skipChildren();
      }
      case "id", "url", "method", "headers", "form", "text", "base64" -> {
        // Null says nothing, as if the field were not there; only a body can be null.
        if (token != JsonToken.VALUE_NULL) {
          known(name, parser, bytes, from, to, fields);
        }
      }
      default -> {
        String shown = Pointers.shown(name);
        errors.report(Pointers.to(name), "unknown_field", "An item has no field " + shown);
        parser.skipChildren();
      }
    }
  }

  private void known(
      String name, JsonParser parser, byte[] bytes, int from, int to, ItemFields fields) {
    switch (name) {
      case "id" -> fields.id = id(parser);
      case "url" -> fields.url = string(parser, "url");
      case "method" -> fields.method = method(parser);
      case "headers" -> {
        if (parser.currentToken() == JsonToken.START_OBJECT) {
          fields.headers = headers.read(parser, bytes, from, to);
        } else {
          errors.report("/headers", "invalid_type", "headers must be an object");
          parser.skipChildren();
        }
      }
      case "form" -> body(BodyKind.FORM, "/form", parser, fields);
      case "text" -> body(BodyKind.TEXT, "/text", parser, fields);
      case "base64" -> body(BodyKind.BASE64, "/base64", parser, fields);
      default -> throw new IllegalStateException(name + " is not known, indicates a bug");
    }
  }

  private void body(BodyKind kind, String pointer, JsonParser parser, ItemFields fields) {
    if (!claimBody(kind, pointer, fields)) {
      parser.skipChildren();
      return;
    }
    byte[] read = bodies.read(kind, parser);
    if (read != null) {
      fields.body = read;
    }
  }

  private boolean claimBody(BodyKind kind, String pointer, ItemFields fields) {
    if (fields.bodyKind != null) {
      String message = "An item has at most one of body, form, text and base64";
      errors.report(pointer, "several_bodies", message);
      return false;
    }
    fields.bodyKind = kind;
    return true;
  }

  private @Nullable String id(JsonParser parser) {
    String id = string(parser, "id");
    if (id == null) {
      return null;
    }
    boolean fits = !id.isEmpty() && id.length() <= MAX_ID && Utf8.isPaired(id);
    if (!fits || id.chars().anyMatch(Character::isISOControl)) {
      String message = "id must have 1 to " + MAX_ID + " characters and no control characters";
      errors.report("/id", "invalid_id", message);
      return null;
    }
    return id;
  }

  private @Nullable String method(JsonParser parser) {
    String method = string(parser, "method");
    if (method == null) {
      return null;
    }
    String canonical = MethodRules.canonical(method);
    if (canonical == null) {
      String message = "method must be a method token in upper case, not CONNECT or TRACE";
      errors.report("/method", "invalid_method", message);
    }
    return canonical;
  }

  private @Nullable String string(JsonParser parser, String name) {
    if (parser.currentToken() == JsonToken.VALUE_STRING) {
      return parser.getString();
    }
    errors.report('/' + name, "invalid_type", name + " must be a string");
    parser.skipChildren();
    return null;
  }
}
