package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Caller;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What intake needs of an HTTP request, read without touching its body.
 *
 * @param tenant whose the batch is, as the credential tells
 * @param query the raw query
 * @param idempotencyKey without the quotes of a structured field
 * @param body not decoded
 */
record IncomingRequest(
    String tenant,
    @Nullable String query,
    @Nullable String contentType,
    @Nullable String idempotencyKey,
    @Nullable String prefer,
    boolean gzip,
    InputStream body) {

  private static final int MAX_KEY = 255;

  /**
   * Takes a request apart.
   *
   * @throws ApiProblem 400 for a bad key, 415 for an encoding other than gzip
   */
  static IncomingRequest of(Caller caller, HttpServletRequest request) {
    try {
      return new IncomingRequest(
          caller.tenant(),
          request.getQueryString(),
          request.getContentType(),
          idempotencyKey(Collections.list(request.getHeaders("Idempotency-Key"))),
          request.getHeader("Prefer"),
          isGzip(Collections.list(request.getHeaders("Content-Encoding"))),
          request.getInputStream());
    } catch (IOException e) {
      throw new ApiProblem(400, "upload_interrupted", "The body cannot be read");
    }
  }

  private static boolean isGzip(List<String> encodings) {
    if (encodings.isEmpty()) {
      return false;
    }
    String encoding = String.join(",", encodings).trim().toLowerCase(Locale.ROOT);
    return switch (encoding) {
      case "gzip", "x-gzip" -> true;
      case "", "identity" -> false;
      default ->
          throw new ApiProblem(
              415, "unsupported_encoding", "The only Content-Encoding taken is gzip, once");
    };
  }

  private static @Nullable String idempotencyKey(List<String> given) {
    if (given.isEmpty()) {
      return null;
    }
    String key = given.getFirst().trim();
    if (key.length() >= 2 && key.startsWith("\"") && key.endsWith("\"")) {
      key = key.substring(1, key.length() - 1);
    }
    boolean printable = key.chars().allMatch(c -> c >= ' ' && c < 0x7f);
    if (given.size() > 1 || key.isBlank() || key.length() > MAX_KEY || !printable) {
      throw new ApiProblem(
          400,
          "invalid_idempotency_key",
          "Idempotency-Key must be given once, with 1 to " + MAX_KEY + " printable characters");
    }
    return key;
  }
}
