package dev.sluice.api;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The members of one options object, each taken once; what is left over at the end is unknown. Null
 * members are as absent ones. From query parameters every leaf is text, and a list is text with
 * commas.
 */
public final class OptionFields {

  /** Far from what milliseconds or nanoseconds cannot count. */
  private static final Duration MAX_DURATION = Duration.ofDays(3650);

  private static final int MAX_YEAR = 9999;

  private static final String INSTANT =
      "an ISO-8601 time with offset such as 2026-01-31T08:00:00Z, of the years 1970 to 9999";

  private final ObjectNode node;
  private final @Nullable String root;
  private final String path;
  private final boolean textual;
  private final Set<String> taken = new HashSet<>();

  private OptionFields(ObjectNode node, @Nullable String root, String path) {
    this.node = node;
    this.root = root;
    this.path = path;
    this.textual = root == null;
  }

  /**
   * Gives the members of the options in a JSON body.
   *
   * @param root JSON pointer of the options within the body
   */
  public static OptionFields ofBody(ObjectNode options, String root) {
    return new OptionFields(options, root, "");
  }

  /** Gives the members of options that are query parameters. */
  public static OptionFields ofQuery(ObjectNode options) {
    return new OptionFields(options, null, "");
  }

  /** Gives an object member. */
  @Nullable OptionFields object(String name) {
    JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    if (value instanceof ObjectNode object) {
      return new OptionFields(object, root, dotted(name));
    }
    throw invalid(name, "an object");
  }

  @Nullable String text(String name) {
    JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    if (!value.isString()) {
      throw invalid(name, "a string");
    }
    return value.stringValue();
  }

  @Nullable Integer integer(String name) {
    JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    if (value.canConvertToInt() && value.isIntegralNumber()) {
      return value.intValue();
    }
    if (textual && value.isString()) {
      try {
        return Integer.parseInt(value.stringValue());
      } catch (NumberFormatException e) {
        throw invalid(name, "a whole number");
      }
    }
    throw invalid(name, "a whole number");
  }

  @Nullable Double number(String name) {
    JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    double number = Double.NaN;
    if (value.isNumber()) {
      number = value.doubleValue();
    } else if (textual && value.isString()) {
      try {
        number = Double.parseDouble(value.stringValue());
      } catch (NumberFormatException e) {
        throw invalid(name, "a number");
      }
    }
    if (!Double.isFinite(number)) {
      throw invalid(name, "a number");
    }
    return number;
  }

  @Nullable Duration duration(String name) {
    String text = text(name);
    if (text == null) {
      return null;
    }
    try {
      Duration duration = Durations.parse(text);
      if (duration.compareTo(MAX_DURATION) > 0) {
        throw invalid(name, "at most " + MAX_DURATION.toDays() + 'd');
      }
      return duration;
    } catch (IllegalArgumentException e) {
      throw invalid(name, "a duration such as 250ms, 1s, 10m, 24h or PT1S");
    }
  }

  @Nullable Instant instant(String name) {
    String text = text(name);
    if (text == null) {
      return null;
    }
    try {
      OffsetDateTime time = OffsetDateTime.parse(text);
      if (time.getYear() >= 1970 && time.getYear() <= MAX_YEAR) {
        return time.toInstant();
      }
    } catch (DateTimeException e) {
      throw invalid(name, INSTANT);
    }
    throw invalid(name, INSTANT);
  }

  /** Gives a list of texts; whole numbers count as their text. */
  @Nullable List<String> texts(String name) {
    JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    if (textual && value.isString()) {
      return List.of(value.stringValue().split(",", -1));
    }
    if (!value.isArray()) {
      throw invalid(name, "an array of strings");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode element : value) {
      if (!element.isString() && !element.isIntegralNumber()) {
        throw invalid(name, "an array of strings");
      }
      texts.add(element.asString());
    }
    return texts;
  }

  /** Refuses a member that is designed but not built. */
  public void refuse(String... names) {
    for (String name : names) {
      if (take(name) != null) {
        throw notSupported(name, ("".equals(root) ? "" : "options.") + dotted(name));
      }
    }
  }

  /** Refuses a value that is designed but not built. */
  ApiProblem notSupported(String name, String what) {
    return problem(422, "not_supported", name, what + " is not supported yet");
  }

  /** Refuses whatever was not taken. */
  void end() {
    for (String name : node.propertyNames()) {
      if (!taken.contains(name)) {
        String shown = Pointers.shown(dotted(name));
        throw textual
            ? problem(400, "unknown_parameter", name, "There is no parameter " + shown)
            : problem(400, "unknown_field", name, "There is no option " + shown);
      }
    }
  }

  /** A member that is not what it must be. */
  ApiProblem invalid(String name, String expected) {
    return problem(400, "invalid_option", name, dotted(name) + " must be " + expected);
  }

  /** A value out of its range, told by the option's own check. */
  ApiProblem outOfRange(String name, IllegalArgumentException e) {
    return problem(400, "invalid_option", name, String.valueOf(e.getMessage()));
  }

  private ApiProblem problem(int status, String code, String name, String message) {
    String pointer =
        textual ? null : root + pointer(path) + (name.isEmpty() ? "" : Pointers.to(name));
    return new ApiProblem(
        status, code, message, List.of(new InputError(null, null, pointer, code, message)));
  }

  private static String pointer(String path) {
    return path.isEmpty() ? "" : '/' + path.replace('.', '/');
  }

  private @Nullable JsonNode take(String name) {
    taken.add(name);
    JsonNode value = node.get(name);
    return value == null || value.isNull() ? null : value;
  }

  private String dotted(String name) {
    return path.isEmpty() ? name : path + '.' + name;
  }
}
