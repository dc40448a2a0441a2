package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.InputError;
import dev.sluice.model.BatchOptions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a submission says beside its items.
 *
 * @param templateJson the template as it was sent, kept for later chunks
 * @param open whether chunks will follow
 */
record BatchHead(
    @Nullable String name,
    Map<String, String> metadata,
    BatchOptions options,
    Template template,
    @Nullable String templateJson,
    boolean open) {

  static final int MAX_NAME = 200;
  static final int MAX_ENTRIES = 50;
  static final int MAX_KEY = 100;
  static final int MAX_VALUE = 500;

  BatchHead {
    metadata = Map.copyOf(metadata);
    if (name != null && !fits(name, MAX_NAME)) {
      throw invalid(
          "/name", "invalid_name", "name must have 1 to " + MAX_NAME + " printable characters");
    }
    if (metadata.size() > MAX_ENTRIES) {
      throw invalid(
          "/metadata", "invalid_metadata", "metadata may have " + MAX_ENTRIES + " entries");
    }
    metadata.forEach(BatchHead::requireEntry);
  }

  private static void requireEntry(String key, String value) {
    if (!fits(key, MAX_KEY) || (!value.isEmpty() && !fits(value, MAX_VALUE))) {
      throw invalid(
          "/metadata" + Pointers.to(key),
          "invalid_metadata",
          "A metadata key has 1 to "
              + MAX_KEY
              + " printable characters, its value at most "
              + MAX_VALUE);
    }
  }

  private static boolean fits(String text, int most) {
    return !text.isEmpty()
        && text.length() <= most
        && Utf8.isPaired(text)
        && text.chars().noneMatch(Character::isISOControl);
  }

  /** A 400 that points at one place of the body. */
  static ApiProblem invalid(String pointer, String code, String message) {
    return new ApiProblem(
        400, code, message, List.of(new InputError(null, null, pointer, code, message)));
  }
}
