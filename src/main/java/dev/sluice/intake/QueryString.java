package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Pointers;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The query of a request, decoded here so that nothing ever touches the body, with every parameter
 * taken once: what is left over at the end is unknown.
 */
final class QueryString {

  private static final int MAX_DEPTH = 4;

  private final Map<String, List<String>> values;

  private QueryString(Map<String, List<String>> values) {
    this.values = values;
  }

  /**
   * Reads a raw query.
   *
   * @throws ApiProblem 400 when an escape or its UTF-8 is broken
   */
  static QueryString of(@Nullable String query) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    if (query != null && !query.isEmpty()) {
      for (String pair : query.split("&", -1)) {
        int equals = pair.indexOf('=');
        String name = decode(equals < 0 ? pair : pair.substring(0, equals));
        String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
        if (!name.isEmpty()) {
          values.computeIfAbsent(name, _ -> new ArrayList<>(1)).add(value);
        }
      }
    }
    return new QueryString(values);
  }

  /** Takes a parameter that may come once; null when absent. */
  @Nullable String take(String name) {
    List<String> given = values.remove(name);
    if (given == null) {
      return null;
    }
    if (given.size() > 1) {
      throw new ApiProblem(400, "invalid_parameter", name + " may be given once");
    }
    return given.getFirst();
  }

  /** Takes a parameter that is a whole number of 0 or more; null when absent. */
  @Nullable Long takeCount(String name) {
    String text = take(name);
    if (text == null) {
      return null;
    }
    boolean digits = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!digits || text.length() > 18) {
      throw new ApiProblem(400, "invalid_parameter", name + " must be a whole number");
    }
    return Long.parseLong(text);
  }

  /** Takes a parameter that is {@code true} or {@code false}; false when absent. */
  boolean takeFlag(String name) {
    String text = take(name);
    if (text != null && !text.equals("true") && !text.equals("false")) {
      throw new ApiProblem(400, "invalid_parameter", name + " must be true or false");
    }
    return "true".equals(text);
  }

  /** Takes all parameters that begin so, by the rest of their names. */
  Map<String, String> takeAll(String prefix) {
    Map<String, String> taken = new LinkedHashMap<>();
    for (String name : Set.copyOf(values.keySet())) {
      String value = name.startsWith(prefix) ? take(name) : null;
      if (value != null) {
        taken.put(name.substring(prefix.length()), value);
      }
    }
    return taken;
  }

  /** Takes all that is left, as the tree that its dotted names describe. */
  ObjectNode takeRest() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    values.forEach((name, given) -> put(root, name, String.join(",", given)));
    values.clear();
    return root;
  }

  /** Refuses what is left. */
  void end() {
    if (!values.isEmpty()) {
      String name = Pointers.shown(values.keySet().iterator().next());
      throw new ApiProblem(400, "unknown_parameter", "There is no parameter " + name + " here");
    }
  }

  private static void put(ObjectNode root, String dotted, String value) {
    String[] steps = dotted.split("\\.", -1);
    ObjectNode at = root;
    for (int i = 0; i < steps.length - 1; i++) {
      if (at.get(steps[i]) == null) {
        at.putObject(steps[i]);
      }
      if (!(at.get(steps[i]) instanceof ObjectNode next) || i >= MAX_DEPTH) {
        throw unfit(dotted);
      }
      at = next;
    }
    String leaf = steps[steps.length - 1];
    if (at.get(leaf) != null) {
      throw unfit(dotted);
    }
    at.put(leaf, value);
  }

  private static ApiProblem unfit(String dotted) {
    String shown = Pointers.shown(dotted);
    return new ApiProblem(400, "unknown_parameter", "There is no parameter " + shown);
  }

  private static String decode(String text) {
    byte[] bytes = new byte[text.length()];
    int size = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        if (i + 2 >= text.length()
            || !HexFormat.isHexDigit(text.charAt(i + 1))
            || !HexFormat.isHexDigit(text.charAt(i + 2))) {
          throw new ApiProblem(400, "invalid_parameter", "The query has a broken percent escape");
        }
        bytes[size++] = (byte) HexFormat.fromHexDigits(text, i + 1, i + 3);
        i += 2;
      } else if (c < 128) {
        bytes[size++] = (byte) (c == '+' ? ' ' : c);
      } else {
        throw new ApiProblem(400, "invalid_parameter", "The query must be ASCII");
      }
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, size)).toString();
    } catch (CharacterCodingException e) {
      throw new ApiProblem(400, "invalid_parameter", "The query is not UTF-8");
    }
  }
}
