package dev.sluice.control;

import dev.sluice.model.StateReason;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads why a control call was made. */
final class Reasons {

  private static final int MAX_LENGTH = 500;

  private Reasons() {}

  /** Gives the reason of a body, or {@code otherwise} when it names none. */
  static StateReason read(ObjectNode body, String otherwise) {
    JsonNode given = body.get("reason");
    if (given == null || given.isNull()) {
      return new StateReason("operator", otherwise, "api");
    }
    if (!given.isString() || given.stringValue().length() > MAX_LENGTH) {
      throw ControlBody.invalidValue(
          "/reason", "a string of at most " + MAX_LENGTH + " characters");
    }
    return new StateReason("operator", given.stringValue(), "api");
  }
}
