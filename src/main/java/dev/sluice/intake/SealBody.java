package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Pointers;
import dev.sluice.model.ProcessClock;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The body of a seal: nothing, or {@code {"expectedItems":n}}. */
final class SealBody {

  private SealBody() {}

  /**
   * Reads the body.
   *
   * @throws ApiProblem when it is anything else
   */
  static @Nullable Long expectedItems(
      IncomingRequest request, IntakeProperties limits, ProcessClock clock) {
    QueryString.of(request.query()).end();
    if (request.contentType() != null
        && SubmissionFormat.of(request.contentType()) != SubmissionFormat.JSON) {
      throw new ApiProblem(415, "unsupported_media_type", "A seal is application/json");
    }
    ContentStream content = ContentStream.open(request.body(), request.gzip(), limits, clock, null);
    JsonEnvelope envelope = new JsonEnvelope(content, limits);
    if (envelope.isEmpty()) {
      return null;
    }
    Long expected = null;
    envelope.expect('{');
    for (String name = envelope.nextName(); name != null; name = envelope.nextName()) {
      if (!name.equals("expectedItems")) {
        String message = "A seal has no field " + Pointers.shown(name);
        throw ApiProblem.invalid(Pointers.to(name), "unknown_field", message);
      }
      JsonNode value = JsonEnvelope.parse(envelope.slice());
      if (!value.isNull()) {
        expected = count(value);
      }
    }
    envelope.end();
    return expected;
  }

  private static long count(JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw JsonEnvelope.wrongType("expectedItems", "a whole number");
    }
    return value.longValue();
  }
}
