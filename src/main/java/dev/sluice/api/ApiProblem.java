package dev.sluice.api;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An answer other than success, thrown anywhere in a request and rendered once as problem+json. */
public final class ApiProblem extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final String code;
  private final transient List<InputError> errors;
  private final transient Map<String, Object> extensions = new LinkedHashMap<>();
  private @Nullable Duration retryAfter;

  /**
   * @param status HTTP status, 400 to 599
   * @param code stable, to branch on; also the last part of {@code type}
   * @param detail a sentence for people: what failed, which key, what was expected
   */
  public ApiProblem(int status, String code, String detail) {
    this(status, code, detail, List.of());
  }

  public ApiProblem(int status, String code, String detail, List<InputError> errors) {
    super(detail, null, false, false);
    this.status = status;
    this.code = code;
    this.errors = List.copyOf(errors);
  }

  /** A key or call that is designed but not built: refused, never ignored. */
  public static ApiProblem notSupported(String what) {
    return new ApiProblem(422, "not_supported", what + " is not supported yet");
  }

  /**
   * A query or path parameter with a wrong value: 400 {@code invalid_parameter}.
   *
   * @param message continues "The parameter x …"
   */
  public static ApiProblem invalidParameter(String name, String message) {
    String sentence = "The parameter " + name + ' ' + message;
    return new ApiProblem(
            400,
            "invalid_parameter",
            sentence,
            List.of(new InputError(null, null, null, "invalid_parameter", sentence)))
        .with("parameter", name);
  }

  /**
   * A 400 that points at one place of the body.
   *
   * @param pointer JSON pointer; null for what is not in the body
   */
  public static ApiProblem invalid(@Nullable String pointer, String code, String message) {
    return new ApiProblem(
        400, code, message, List.of(new InputError(null, null, pointer, code, message)));
  }

  /** A batch that does not exist, or is another tenant's: 404 {@code batch_not_found}. */
  public static ApiProblem batchNotFound(String id) {
    return new ApiProblem(404, "batch_not_found", "There is no batch " + id);
  }

  /** Adds a member to the problem. */
  public ApiProblem with(String name, Object value) {
    extensions.put(name, value);
    return this;
  }

  /** Adds a {@code Retry-After} header. */
  public ApiProblem retryAfter(Duration wait) {
    this.retryAfter = wait;
    return this;
  }

  public int status() {
    return status;
  }

  public String code() {
    return code;
  }

  public List<InputError> errors() {
    return errors;
  }

  public Map<String, Object> extensions() {
    return Collections.unmodifiableMap(extensions);
  }

  public @Nullable Duration retryAfter() {
    return retryAfter;
  }
}
