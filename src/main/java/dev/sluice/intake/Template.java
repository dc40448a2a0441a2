package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.InputError;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import dev.sluice.model.ItemSecrets;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Defaults under each item of a batch.
 *
 * @param bodyKind null when the template has no body
 */
record Template(
    @Nullable String url,
    @Nullable String method,
    List<Header> headers,
    @Nullable BodyKind bodyKind,
    byte[] body) {

  static final Template NONE = new Template(null, null, List.of(), null, ItemFields.NOTHING);

  Template {
    headers = List.copyOf(headers);
  }

  private static final String SEALED = "sealed:";
  private static final String PLACE = "template";

  /**
   * Gives what is stored of the template for later chunks: as it was sent, sealed when it holds a
   * secret.
   *
   * @throws ApiProblem when it holds one and there is no key
   */
  @Nullable String toStore(@Nullable String json, ItemSecrets secrets) {
    if (json == null || headers.stream().noneMatch(header -> secrets.isSecret(header.name()))) {
      return json;
    }
    String sealed = secrets.seal(json, PLACE);
    if (sealed == null) {
      throw ApiProblem.invalid("/template/headers", SecretSealer.CODE, SecretSealer.NO_KEY);
    }
    return SEALED + sealed;
  }

  /**
   * Reads what {@link #toStore} gave; none when that is null.
   *
   * @throws ApiProblem 503 when it is sealed under a key that is not known here
   */
  static Template stored(@Nullable String stored, ItemSecrets secrets) {
    if (stored == null) {
      return NONE;
    }
    String json = stored;
    if (stored.startsWith(SEALED)) {
      json = secrets.open(stored.substring(SEALED.length()), PLACE);
      if (json == null) {
        throw new ApiProblem(
                503,
                "key_unavailable",
                "The key that the batch's template is sealed with is missing")
            .retryAfter(Duration.ofSeconds(30));
      }
    }
    return read(json.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads a template.
   *
   * @throws ApiProblem when it is not one, with pointers into {@code /template}
   */
  static Template read(byte[] json) {
    ErrorLog errors = new ErrorLog();
    errors.atLine(0, 0);
    ItemFields fields = new ItemFields();
    new ItemFieldsReader(errors).read(json, 0, json.length, fields);
    if (errors.isEmpty() && fields.id != null) {
      errors.report("/id", "unknown_field", "A template has no id: it labels one item");
    }
    String listProblem = HeaderRules.listProblem(fields.headers);
    if (errors.isEmpty() && listProblem != null) {
      errors.report("/headers", "too_many_headers", listProblem);
    }
    ApiProblem problem = errors.toProblem();
    if (problem != null) {
      throw relocated(problem);
    }
    return new Template(fields.url, fields.method, fields.headers, fields.bodyKind, fields.body);
  }

  private static ApiProblem relocated(ApiProblem problem) {
    List<InputError> errors =
        problem.errors().stream()
            .map(
                error ->
                    new InputError(
                        null,
                        null,
                        "/template" + (error.pointer() == null ? "" : error.pointer()),
                        error.code(),
                        error.message()))
            .toList();
    InputError first = errors.getFirst();
    return new ApiProblem(problem.status(), first.code(), "template: " + first.message(), errors);
  }
}
