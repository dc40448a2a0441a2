package dev.sluice.attempt;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.Capture;
import dev.sluice.model.StatusPatterns;

/**
 * How a batch wants replies judged.
 *
 * @param success statuses that end an item well
 * @param retry statuses worth another try
 * @param never statuses never retried; they win
 * @param capture which responses are kept
 */
public record AttemptTerms(
    StatusPatterns success, StatusPatterns retry, StatusPatterns never, Capture capture) {

  /** Gives the terms of a batch. */
  public static AttemptTerms of(BatchOptions options) {
    return new AttemptTerms(
        StatusPatterns.of(options.success()),
        StatusPatterns.of(options.retry().on()),
        StatusPatterns.of(options.retry().notOn()),
        options.capture());
  }

  boolean captures(int status) {
    return switch (capture.on()) {
      case ALWAYS -> true;
      case NEVER -> false;
      case FAILURE -> !success.contains(status);
    };
  }
}
