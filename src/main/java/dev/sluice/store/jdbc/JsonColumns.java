package dev.sluice.store.jdbc;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.Header;
import dev.sluice.model.StateReason;
import dev.sluice.store.ControlBoard.Snapshot;
import dev.sluice.store.DestinationSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Values kept as JSON text. What an older version wrote is read over the defaults, so a key added
 * later has its default; what a newer one wrote beyond is left out.
 */
final class JsonColumns {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .disable(tools.jackson.databind.DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();
  private static final ObjectNode DEFAULT_OPTIONS = MAPPER.valueToTree(BatchOptions.DEFAULT);

  private JsonColumns() {}

  static String options(BatchOptions options) {
    return MAPPER.writeValueAsString(options);
  }

  static BatchOptions options(String text) {
    ObjectNode merged = DEFAULT_OPTIONS.deepCopy();
    merge(merged, MAPPER.readTree(text));
    return MAPPER.treeToValue(merged, BatchOptions.class);
  }

  private static void merge(ObjectNode under, JsonNode over) {
    over.properties()
        .forEach(
            entry -> {
              JsonNode below = under.get(entry.getKey());
              if (below instanceof ObjectNode object && entry.getValue().isObject()) {
                merge(object, entry.getValue());
              } else {
                under.set(entry.getKey(), entry.getValue());
              }
            });
  }

  static String metadata(Map<String, String> metadata) {
    return MAPPER.writeValueAsString(metadata);
  }

  static Map<String, String> metadata(String text) {
    Map<String, String> metadata = new LinkedHashMap<>();
    MAPPER
        .readTree(text)
        .properties()
        .forEach(e -> metadata.put(e.getKey(), e.getValue().asString()));
    return metadata;
  }

  static String reason(StateReason reason) {
    return MAPPER.writeValueAsString(reason);
  }

  static @Nullable StateReason reason(@Nullable String text) {
    return text == null ? null : MAPPER.readValue(text, StateReason.class);
  }

  static String settings(DestinationSettings settings) {
    return MAPPER.writeValueAsString(settings);
  }

  static DestinationSettings settings(String text) {
    return MAPPER.readValue(text, DestinationSettings.class);
  }

  static String snapshot(Snapshot snapshot) {
    return MAPPER.writeValueAsString(snapshot);
  }

  static Snapshot snapshot(String text) {
    return MAPPER.readValue(text, Snapshot.class);
  }

  static String headers(List<Header> headers) {
    return MAPPER.writeValueAsString(headers);
  }

  static List<Header> headers(String text) {
    List<Header> headers = new ArrayList<>();
    for (JsonNode header : MAPPER.readTree(text)) {
      headers.add(new Header(header.get("name").asString(), header.get("value").asString()));
    }
    return headers;
  }

  /** Gives a JSON array, to be taken apart by {@code json_each}. */
  static String array(Iterable<Long> numbers) {
    StringBuilder text = new StringBuilder("[");
    for (Long number : numbers) {
      text.append(text.length() > 1 ? "," : "").append(number.longValue());
    }
    return text.append(']').toString();
  }
}
