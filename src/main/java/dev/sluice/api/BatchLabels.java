package dev.sluice.api;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a client calls its batch, within bounds.
 *
 * @param name not necessarily unique
 * @param metadata to find it by
 */
public record BatchLabels(@Nullable String name, Map<String, String> metadata) {

  private static final int MAX_NAME = 200;
  private static final int MAX_ENTRIES = 50;
  private static final int MAX_KEY = 100;
  private static final int MAX_VALUE = 500;

  /**
   * @throws ApiProblem 400 when one is too long or cannot be printed
   */
  public BatchLabels {
    metadata = Map.copyOf(metadata);
    if (name != null && !fits(name, MAX_NAME)) {
      throw ApiProblem.invalid(
          "/name", "invalid_name", "name must have 1 to " + MAX_NAME + " printable characters");
    }
    if (metadata.size() > MAX_ENTRIES) {
      throw ApiProblem.invalid(
          "/metadata", "invalid_metadata", "metadata may have " + MAX_ENTRIES + " entries");
    }
    metadata.forEach(BatchLabels::requireEntry);
  }

  /** Reads a name; null when it is JSON's. */
  public static @Nullable String name(JsonNode value) {
    if (value.isNull()) {
      return null;
    }
    if (!value.isString()) {
      throw ApiProblem.invalid("/name", "invalid_type", "name must be a string");
    }
    return value.stringValue();
  }

  /** Reads metadata; nothing when it is JSON's null. */
  public static Map<String, String> metadata(JsonNode value) {
    if (value.isNull()) {
      return Map.of();
    }
    if (!(value instanceof ObjectNode entries)) {
      throw ApiProblem.invalid("/metadata", "invalid_type", "metadata must be an object");
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    entries.forEachEntry(
        (key, entry) -> {
          if (!entry.isString()) {
            throw ApiProblem.invalid(
                "/metadata" + Pointers.to(key), "invalid_type", "Metadata values are strings");
          }
          metadata.put(key, entry.stringValue());
        });
    return metadata;
  }

  private static void requireEntry(String key, String value) {
    if (!fits(key, MAX_KEY) || (!value.isEmpty() && !fits(value, MAX_VALUE))) {
      throw ApiProblem.invalid(
          "/metadata" + Pointers.to(key),
          "invalid_metadata",
          "A metadata key has 1 to "
              + MAX_KEY
              + " printable characters, its value at most "
              + MAX_VALUE);
    }
  }

  /** Half a surrogate pair has no encoding. */
  private static boolean fits(String text, int most) {
    return !text.isEmpty()
        && text.length() <= most
        && StandardCharsets.UTF_8.newEncoder().canEncode(text)
        && text.chars().noneMatch(Character::isISOControl);
  }
}
