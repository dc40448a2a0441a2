package dev.sluice.model;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What one attempt proved. Retry, breaker, limiter and outcome all take it; nothing else judges an
 * exchange.
 */
public sealed interface Verdict {

  /** A definite success. */
  record Succeeded(Reply reply) implements Verdict {}

  /**
   * A definite and final refusal.
   *
   * @param retryAfter how long the destination asked to be left alone, already bounded: it holds
   *     for others even where this item is not tried again
   */
  record Refused(Reply reply, @Nullable Duration retryAfter) implements Verdict {}

  /**
   * A definite reply that invites another try.
   *
   * @param retryAfter how long the destination asked to be left alone, already bounded
   */
  record Retryable(Reply reply, @Nullable Duration retryAfter) implements Verdict {}

  /** The request may have reached the destination, and no reply proves anything. */
  record MaybeSent(Failure failure) implements Verdict {}

  /** Failed before the first byte: the destination saw nothing. */
  record NotSent(Failure failure) implements Verdict {}

  /** Sluice's own policy forbids it: nothing was sent, and no other try would be. */
  record Denied(Failure failure) implements Verdict {}

  /** Broken off by Sluice itself before the first byte; costs no attempt. */
  record Interrupted() implements Verdict {}

  /**
   * A complete status line and headers.
   *
   * @param statusCode HTTP status
   * @param response what was kept of it, when the batch asked for that
   */
  record Reply(int statusCode, @Nullable CapturedResponse response) {}

  /**
   * Why no reply came.
   *
   * @param code stable, to branch on: {@code dns}, {@code connect}, {@code connect_timeout}, {@code
   *     tls}, {@code pool}, {@code deadline}, {@code reset}, {@code protocol}, {@code guard}
   * @param message for people; no secret, no header, no body
   */
  record Failure(String code, String message) {}

  /** Gives the status of the reply, or 0 when there was none. */
  default int statusCode() {
    Reply reply = reply();
    return reply == null ? 0 : reply.statusCode();
  }

  /** Gives how long the destination asked to be left alone; null when it did not. */
  default @Nullable Duration retryAfter() {
    return switch (this) {
      case Refused r -> r.retryAfter();
      case Retryable r -> r.retryAfter();
      case Succeeded _, MaybeSent _, NotSent _, Denied _, Interrupted _ -> null;
    };
  }

  /** Tells whether the destination says that it gets too much: 429 and 503. */
  default boolean isBackPressure() {
    return switch (this) {
      case Refused _, Retryable _ -> statusCode() == 429 || statusCode() == 503;
      case Succeeded _, MaybeSent _, NotSent _, Denied _, Interrupted _ -> false;
    };
  }

  /** Gives the reply of a definite verdict. */
  default @Nullable Reply reply() {
    return switch (this) {
      case Succeeded s -> s.reply();
      case Refused r -> r.reply();
      case Retryable r -> r.reply();
      case MaybeSent _, NotSent _, Denied _, Interrupted _ -> null;
    };
  }

  /** Gives the failure of a verdict without reply. */
  default @Nullable Failure failure() {
    return switch (this) {
      case MaybeSent m -> m.failure();
      case NotSent n -> n.failure();
      case Denied d -> d.failure();
      case Succeeded _, Refused _, Retryable _, Interrupted _ -> null;
    };
  }
}
