package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.InputError;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with the items of one request, up to a limit. Errors are reported at the place last
 * set; a place costs nothing while all is well. Not thread-safe.
 */
final class ErrorLog {

  static final int MAX_ERRORS = 1000;

  private final List<InputError> errors = new ArrayList<>();
  private long line;
  private long index;
  private boolean inArray;

  /** Sets the place: a physical line, 1-based, that holds the item with this index. */
  void atLine(long line, long index) {
    this.line = line;
    this.index = index;
    this.inArray = false;
  }

  /** Sets the place: an element of {@code items}. */
  void atElement(long index) {
    this.index = index;
    this.inArray = true;
  }

  /**
   * Adds an error.
   *
   * @param pointer JSON pointer within the item; empty for the item itself
   */
  void report(String pointer, String code, String message) {
    if (isFull()) {
      return;
    }
    String whole = inArray ? "/items/" + index + pointer : pointer;
    errors.add(
        new InputError(
            inArray ? null : line, index, whole.isEmpty() ? null : whole, code, message));
  }

  boolean isEmpty() {
    return errors.isEmpty();
  }

  boolean isFull() {
    return errors.size() >= MAX_ERRORS;
  }

  int count() {
    return errors.size();
  }

  /** Gives the answer that refuses the whole request; null when nothing was wrong. */
  @Nullable ApiProblem toProblem() {
    if (errors.isEmpty()) {
      return null;
    }
    String detail =
        (isFull() ? "At least " : "")
            + errors.size()
            + (errors.size() == 1 ? " error" : " errors")
            + " in the items; nothing was accepted. First: "
            + errors.getFirst().message();
    if (all("not_supported")) {
      return new ApiProblem(422, "not_supported", detail, errors);
    }
    if (all("item_too_large")) {
      return new ApiProblem(413, "item_too_large", detail, errors);
    }
    return new ApiProblem(400, "invalid_items", detail, errors);
  }

  private boolean all(String code) {
    return errors.stream().allMatch(error -> error.code().equals(code));
  }
}
