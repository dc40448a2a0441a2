package dev.sluice.model;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One try of one item that did not end it.
 *
 * @param index the item
 * @param number 1-based
 * @param kind what the verdict was
 * @param statusCode status of the reply; 0 when none
 * @param errorCode stable code of the failure
 * @param startedAt when the permit was taken
 * @param latencyMillis from permit to verdict
 * @param dueAt when the next try may start
 * @param counted whether it counts against {@code maxAttempts}; a 429 does not
 */
public record Attempt(
    long index,
    int number,
    Kind kind,
    int statusCode,
    @Nullable String errorCode,
    Instant startedAt,
    long latencyMillis,
    Instant dueAt,
    boolean counted) {

  /** The verdict of an attempt without its payload. */
  public enum Kind {
    SUCCEEDED,
    REFUSED,
    RETRYABLE,
    MAYBE_SENT,
    NOT_SENT,
    INTERRUPTED
  }
}
