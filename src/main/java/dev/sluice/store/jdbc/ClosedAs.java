package dev.sluice.store.jdbc;

import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The outcome of an item that ended because its batch was closed. */
final class ClosedAs {

  private static final ItemError CANCELLED =
      new ItemError("cancelled", "The batch was cancelled before this item ended.");
  private static final ItemError EXPIRED =
      new ItemError("expired", "The batch expired before this item ended.");
  private static final ItemError IN_DOUBT =
      new ItemError("in_doubt", "A request may have been delivered, and its reply is unknown.");

  private ClosedAs() {}

  /** Says why. */
  static ItemError error(OutcomeState state) {
    return switch (state) {
      case CANCELLED -> CANCELLED;
      case EXPIRED -> EXPIRED;
      case IN_DOUBT -> IN_DOUBT;
      case SUCCEEDED, FAILED, REJECTED ->
          throw new IllegalStateException("No batch closes as " + state + ", indicates a bug");
    };
  }

  static Outcome outcome(
      long index, @Nullable String clientId, OutcomeState state, int attemptCount, Instant at) {
    return new Outcome(index, clientId, state, 0, attemptCount, 0, at, error(state), null);
  }
}
