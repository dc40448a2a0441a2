package dev.sluice.intake;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;

/**
 * JSON as intake accepts it: UTF-8 only, no duplicate keys, bounded in depth, numbers, names and
 * tokens; strings are bounded by the size of the slice they stand in.
 */
final class StrictJson {

  static final int MAX_DEPTH = 32;
  static final int MAX_NUMBER = 100;
  static final int MAX_NAME = 256;
  static final int MAX_TOKENS = 10_000;

  private static final int MAX_MESSAGE = 300;

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .disable(TokenStreamFactory.Feature.CHARSET_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(MAX_NUMBER)
                  .maxNameLength(MAX_NAME)
                  .maxTokenCount(MAX_TOKENS)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private StrictJson() {}

  static JsonParser parser(byte[] bytes, int from, int to) {
    return FACTORY.createParser(ObjectReadContext.empty(), bytes, from, to - from);
  }

  /** Gives the stable code of what the parser refused. */
  static String code(JacksonException e) {
    if (e instanceof StreamConstraintsException) {
      return message(e).contains("nesting depth") ? "too_deep" : "json_limit";
    }
    return message(e).startsWith("Duplicate Object property") ? "duplicate_key" : "malformed_json";
  }

  /** Gives what the parser refused, with its place. */
  static String describe(JacksonException e) {
    String message = message(e);
    String what =
        message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) + "…" : message;
    return e.getLocation() == null || e.getLocation().getColumnNr() < 1
        ? what
        : what + " at column " + e.getLocation().getColumnNr();
  }

  private static String message(JacksonException e) {
    String message = e.getOriginalMessage();
    return message == null ? "Not JSON" : message;
  }
}
