package dev.sluice.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.ResultRecord;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of results.
 *
 * @param seq position in commit order; {@code after=<seq>} continues behind it
 * @param statusCode status of the last reply; null when there was none
 * @param response what was captured of the last reply
 * @param input the item as it can be submitted again, credentials left out; only when asked for
 */
public record ResultView(
    long seq,
    long index,
    @Nullable String id,
    OutcomeState state,
    @Nullable Integer statusCode,
    int attempts,
    long latencyMs,
    Instant finishedAt,
    @Nullable ItemError error,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable ResponseView response,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Map<String, Object> input) {

  /** Gives the line of a result. */
  public static ResultView of(ResultRecord result) {
    Outcome outcome = result.outcome();
    return new ResultView(
        result.seq(),
        outcome.index(),
        outcome.clientId(),
        outcome.state(),
        statusCode(outcome.statusCode()),
        outcome.attemptCount(),
        outcome.latencyMillis(),
        outcome.finishedAt(),
        outcome.error(),
        ResponseView.of(outcome.response()),
        result.input() == null ? null : InputView.of(result.destination(), result.input()));
  }

  /** Gives a status as shown: null stands for no reply. */
  public static @Nullable Integer statusCode(int stored) {
    return stored == 0 ? null : stored;
  }
}
