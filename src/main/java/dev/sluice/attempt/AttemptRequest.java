package dev.sluice.attempt;

import dev.sluice.model.Destination;
import dev.sluice.model.OutboundRequest;
import org.jspecify.annotations.Nullable;

/**
 * One try of one item.
 *
 * @param destination where to
 * @param request what to send
 * @param attemptNumber 1-based, sent as {@code Sluice-Attempt}
 * @param idempotencyKey the same for every try of the item; the client's own header wins
 * @param terms how to judge the reply
 * @param cutter ends the attempt early
 * @param traceparent sent under that name unless the item has one of its own; null when not traced
 */
public record AttemptRequest(
    Destination destination,
    OutboundRequest request,
    int attemptNumber,
    String idempotencyKey,
    AttemptTerms terms,
    Cutter cutter,
    @Nullable String traceparent) {

  /** An attempt that is not traced. */
  public AttemptRequest(
      Destination destination,
      OutboundRequest request,
      int attemptNumber,
      String idempotencyKey,
      AttemptTerms terms,
      Cutter cutter) {
    this(destination, request, attemptNumber, idempotencyKey, terms, cutter, null);
  }

  /** Gives the same try with another request. */
  AttemptRequest with(OutboundRequest other) {
    return new AttemptRequest(
        destination, other, attemptNumber, idempotencyKey, terms, cutter, traceparent);
  }
}
