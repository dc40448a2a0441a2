package dev.sluice.control;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.InputError;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The small JSON object of a control call: bounded, without duplicate keys, unknown keys refused
 * with their pointer.
 */
final class ControlBody {

  /** Most bytes of a control call's body. */
  static final int MAX_BYTES = 1 << 20;

  private static final List<MediaType> TAKEN =
      List.of(MediaType.APPLICATION_JSON, MediaType.parseMediaType("application/merge-patch+json"));

  private static final JsonMapper STRICT =
      JsonMapper.builder(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private ControlBody() {}

  /**
   * Reads the object; an absent body is an empty one.
   *
   * @throws ApiProblem 400 when it is no JSON object, 413 when it is too large
   * @throws HttpMediaTypeNotSupportedException when there is a body of another type
   */
  static ObjectNode read(HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    byte[] bytes = request.getInputStream().readNBytes(MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) {
      throw new ApiProblem(
          413, "content_too_large", "The body is larger than " + MAX_BYTES + " bytes");
    }
    if (bytes.length == 0) {
      return JsonNodeFactory.instance.objectNode();
    }
    requireJson(request.getContentType());
    JsonNode root;
    try {
      root = STRICT.readTree(bytes);
    } catch (JacksonException e) {
      throw invalid("malformed_json", "", e.getOriginalMessage());
    }
    if (root instanceof ObjectNode object) {
      return object;
    }
    throw invalid("invalid_value", "", "The body must be a JSON object");
  }

  private static void requireJson(@org.jspecify.annotations.Nullable String contentType)
      throws HttpMediaTypeNotSupportedException {
    if (contentType == null) {
      throw new HttpMediaTypeNotSupportedException((MediaType) null, TAKEN);
    }
    MediaType type;
    try {
      type = MediaType.parseMediaType(contentType);
    } catch (InvalidMediaTypeException e) {
      throw new HttpMediaTypeNotSupportedException(e.getMessage());
    }
    if (TAKEN.stream().noneMatch(taken -> taken.includes(type))) {
      throw new HttpMediaTypeNotSupportedException(type, TAKEN);
    }
  }

  /**
   * Refuses keys that the call does not have.
   *
   * @param at JSON pointer of the object
   * @param known keys that are built
   * @param notBuilt keys that are designed but not built
   */
  static void allowKeys(JsonNode object, String at, Set<String> known, Set<String> notBuilt) {
    for (String key : object.propertyNames()) {
      if (notBuilt.contains(key)) {
        throw ApiProblem.notSupported("The key " + at + "/" + key).with("pointer", at + "/" + key);
      }
      if (!known.contains(key)) {
        throw invalid(
            "unknown_field", at + "/" + key, "Unknown key; known are " + String.join(", ", known));
      }
    }
  }

  /** Gives a problem with one value: 400. */
  static ApiProblem invalid(String code, String pointer, String message) {
    return new ApiProblem(
        400,
        code,
        pointer.isEmpty() ? message : pointer + ": " + message,
        List.of(new InputError(null, null, pointer, code, message)));
  }

  /** Gives a problem with a value of the wrong kind. */
  static ApiProblem invalidValue(String pointer, String expected) {
    return invalid("invalid_value", pointer, "Must be " + expected);
  }
}
