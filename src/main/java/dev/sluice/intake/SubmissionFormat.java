package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;

/** The formats a submission may come in, told by its content type. */
enum SubmissionFormat {
  JSON,
  NDJSON;

  /**
   * Gives the format of a content type.
   *
   * @throws ApiProblem 415 when there is none, 422 when it is designed but not built
   */
  static SubmissionFormat of(@Nullable String contentType) {
    MediaType type = parse(contentType);
    if (type.getCharset() != null && !type.getCharset().equals(StandardCharsets.UTF_8)) {
      throw unsupported("The charset " + type.getCharset() + " is not UTF-8");
    }
    return switch (type.getType() + '/' + type.getSubtype()) {
      case "application/json" -> JSON;
      case "application/x-ndjson", "application/ndjson", "application/jsonl" -> NDJSON;
      case "text/csv", "multipart/form-data" ->
          throw ApiProblem.notSupported("Content-Type " + type.getType() + '/' + type.getSubtype());
      default -> throw unsupported("The Content-Type must be application/json or x-ndjson");
    };
  }

  private static MediaType parse(@Nullable String contentType) {
    if (contentType == null || contentType.isBlank()) {
      throw unsupported("A Content-Type is needed: application/json or application/x-ndjson");
    }
    try {
      MediaType type = MediaType.parseMediaType(contentType);
      // Reading the charset is what finds an unknown one.
      type.getCharset();
      return type;
    } catch (IllegalArgumentException e) {
      throw unsupported("The Content-Type is not one");
    }
  }

  private static ApiProblem unsupported(String detail) {
    return new ApiProblem(415, "unsupported_media_type", detail);
  }

  /** Gives the reader of a whole submission. */
  SubmissionBody submission(ContentStream content, QueryString query, IntakeProperties limits) {
    return switch (this) {
      case JSON -> {
        query.end();
        yield new JsonBody(content, limits);
      }
      case NDJSON -> new NdjsonBody(content, query, limits);
    };
  }

  /** Gives the reader of a chunk of an open batch. */
  ItemSource chunk(ContentStream content, QueryString query, IntakeProperties limits) {
    query.end();
    return switch (this) {
      case JSON -> new JsonChunk(content, limits);
      case NDJSON -> new NdjsonBody(content, query, limits);
    };
  }
}
