package dev.sluice.attempt;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.Capture;
import dev.sluice.model.Delivery;
import dev.sluice.model.StatusPatterns;
import org.jspecify.annotations.Nullable;

/**
 * How a batch wants replies judged.
 *
 * @param success statuses that end an item well
 * @param retry statuses worth another try
 * @param never statuses never retried; they win
 * @param capture which responses are kept
 * @param credential name of the credential to show; null for none
 * @param mayRepeat whether a request that a destination refused to let in may be sent again
 */
public record AttemptTerms(
    StatusPatterns success,
    StatusPatterns retry,
    StatusPatterns never,
    Capture capture,
    @Nullable String credential,
    boolean mayRepeat) {

  /** Gives terms without a credential. */
  public AttemptTerms(
      StatusPatterns success, StatusPatterns retry, StatusPatterns never, Capture capture) {
    this(success, retry, never, capture, null, true);
  }

  /** Gives the terms of a batch. */
  public static AttemptTerms of(BatchOptions options) {
    return new AttemptTerms(
        StatusPatterns.of(options.success()),
        StatusPatterns.of(options.retry().on()),
        StatusPatterns.of(options.retry().notOn()),
        options.capture(),
        options.credential(),
        options.delivery() == Delivery.AT_LEAST_ONCE);
  }

  boolean captures(int status) {
    return switch (capture.on()) {
      case ALWAYS -> true;
      case NEVER -> false;
      case FAILURE -> !success.contains(status);
    };
  }
}
