package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Pointers;

/** A chunk of an open batch as JSON: an array of items or an object with nothing but items. */
final class JsonChunk implements ItemSource {

  private final JsonEnvelope envelope;

  JsonChunk(ContentStream content, IntakeProperties limits) {
    this.envelope = new JsonEnvelope(content, limits);
  }

  @Override
  public long items(ItemReader reader, ErrorLog errors) {
    boolean object = envelope.isNext('{');
    if (object) {
      envelope.expect('{');
      requireItems(envelope.nextName());
    }
    if (!envelope.isNext('[')) {
      throw JsonEnvelope.wrongType("items", "an array");
    }
    long count = envelope.elements(reader, errors);
    if (errors.isEmpty()) {
      String after = object ? envelope.nextName() : null;
      if (after != null) {
        requireItems(after);
      }
      envelope.end();
    }
    return count;
  }

  private static void requireItems(@org.jspecify.annotations.Nullable String name) {
    if (name == null) {
      throw ApiProblem.invalid("/items", "missing_items", "items are missing");
    }
    if (!name.equals("items")) {
      String message = "A chunk has no field " + Pointers.shown(name);
      throw ApiProblem.invalid(Pointers.to(name), "unknown_field", message);
    }
  }
}
