package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Pointers;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Walks the outermost object or array of a JSON text without holding it: members and elements are
 * cut off one by one and parsed each for itself, so an item is its own bytes. One thread.
 */
final class JsonEnvelope {

  private static final JsonMapper MAPPER =
      JsonMapper.builder(StrictJson.FACTORY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final ByteFeed feed;
  private final int maxItem;
  private final Set<String> names = new HashSet<>();

  JsonEnvelope(ContentStream content, IntakeProperties limits) {
    this.maxItem = (int) limits.maxItem().toBytes();
    this.feed = new ByteFeed(content, maxItem);
  }

  /** Tells whether this comes next. */
  boolean isNext(char expected) {
    return feed.peek() == expected;
  }

  /** Tells whether nothing but white space follows. */
  boolean isEmpty() {
    return feed.peek() < 0;
  }

  /** Takes what must come next. */
  void expect(char expected) {
    int next = feed.peek();
    if (next != expected) {
      throw malformed("Expected '" + expected + "' " + found(next));
    }
    feed.take();
  }

  /** Takes the name of the next member and its colon; null when the object ends. */
  @Nullable String nextName() {
    if (!names.isEmpty() && isNext(',')) {
      feed.take();
    } else if (isNext('}')) {
      feed.take();
      return null;
    } else if (!names.isEmpty()) {
      throw malformed("Expected ',' or '}' " + found(feed.peek()));
    }
    if (!isNext('"')) {
      throw malformed("Expected a name " + found(feed.peek()));
    }
    String name = parse(slice()).stringValue();
    if (!names.add(name)) {
      String message = "The name " + Pointers.shown(name) + " is there twice";
      throw ApiProblem.invalid(Pointers.to(name), "duplicate_key", message);
    }
    expect(':');
    return name;
  }

  /** Takes the bytes of the next value. */
  byte[] slice() {
    feed.peek();
    switch (feed.nextValue()) {
      case END -> throw malformed("The body ends within a value");
      case TOO_LONG ->
          throw new ApiProblem(
              413, "item_too_large", "A value may have at most " + maxItem + " bytes");
      case WHOLE -> {
        if (feed.start() == feed.end()) {
          throw malformed("Expected a value " + found(feed.peek()));
        }
        if (!feed.isUtf8()) {
          throw new ApiProblem(400, "invalid_utf8", "The body is not UTF-8");
        }
      }
    }
    return Arrays.copyOfRange(feed.buffer(), feed.start(), feed.end());
  }

  /** Gives the value of a slice. */
  static JsonNode parse(byte[] slice) {
    try {
      return MAPPER.readTree(slice);
    } catch (JacksonException e) {
      throw new ApiProblem(
          400, StrictJson.code(e), "The body is refused: " + StrictJson.describe(e));
    }
  }

  /**
   * Takes the array that comes next, element by element, and gives each to the reader.
   *
   * @return elements seen, good and bad
   */
  long elements(ItemReader reader, ErrorLog errors) {
    expect('[');
    long index = 0;
    if (isNext(']')) {
      feed.take();
      return index;
    }
    while (!errors.isFull()) {
      feed.peek();
      errors.atElement(index);
      if (!element(reader, errors, index++)) {
        return index;
      }
      if (isNext(']')) {
        feed.take();
        return index;
      }
      if (!isNext(',')) {
        errors.report("", "malformed_json", "Expected ',' or ']' " + found(feed.peek()));
        return index;
      }
      feed.take();
    }
    return index;
  }

  /** Reads one element; false when what follows it cannot be trusted. */
  private boolean element(ItemReader reader, ErrorLog errors, long index) {
    switch (feed.nextValue()) {
      case END -> {
        errors.report("", "malformed_json", "The body ends within items");
        return false;
      }
      case TOO_LONG -> {
        errors.report("", "item_too_large", "An item may have at most " + maxItem + " bytes");
        return false;
      }
      case WHOLE -> {
        if (!feed.isUtf8()) {
          errors.report("", "invalid_utf8", "The item is not UTF-8");
          return true;
        }
      }
    }
    return reader.read(feed.buffer(), feed.start(), feed.end(), index);
  }

  /** Requires that nothing follows. */
  void end() {
    if (feed.peek() >= 0) {
      throw malformed("More follows after the end");
    }
  }

  private static String found(int next) {
    return next < 0 ? "but the body ends" : String.format("but found U+%04X", next);
  }

  private static ApiProblem malformed(String message) {
    return new ApiProblem(400, "malformed_json", message);
  }

  /** Requires a kind of value. */
  static ApiProblem wrongType(String name, String expected) {
    return ApiProblem.invalid(Pointers.to(name), "invalid_type", name + " must be " + expected);
  }
}
