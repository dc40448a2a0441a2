package dev.sluice.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sluice.api.InputView;
import dev.sluice.api.ResponseView;
import dev.sluice.api.ResultView;
import dev.sluice.model.Attempt;
import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.store.ItemRecord;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An item as the API shows it.
 *
 * @param state how it ended, or {@code PENDING}
 * @param attempts attempts made
 * @param nextAttemptAt when the next try may start; null when none is due
 * @param attemptLog tries that did not end it, oldest first
 * @param input the item as it can be submitted again, credentials left out; only when one item is
 *     asked for and its input is still kept
 */
record ItemView(
    String batchId,
    long index,
    @Nullable String id,
    String destination,
    String state,
    @Nullable Integer statusCode,
    int attempts,
    @Nullable Long latencyMs,
    @Nullable Instant finishedAt,
    @Nullable Instant nextAttemptAt,
    @Nullable ItemError error,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable ResponseView response,
    List<AttemptView> attemptLog,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Map<String, Object> input) {

  /** A try that did not end the item. */
  record AttemptView(
      int number,
      Attempt.Kind verdict,
      @Nullable Integer statusCode,
      @Nullable String errorCode,
      Instant startedAt,
      long latencyMs,
      Instant dueAt,
      boolean counted) {

    static AttemptView of(Attempt attempt) {
      return new AttemptView(
          attempt.number(),
          attempt.kind(),
          ResultView.statusCode(attempt.statusCode()),
          attempt.errorCode(),
          attempt.startedAt(),
          attempt.latencyMillis(),
          attempt.dueAt(),
          attempt.counted());
    }
  }

  static ItemView listed(ItemRecord item) {
    return of(item, false);
  }

  static ItemView whole(ItemRecord item) {
    return of(item, true);
  }

  private static ItemView of(ItemRecord item, boolean withInput) {
    Outcome outcome = item.outcome();
    List<Attempt> attempts = item.attempts();
    Attempt last = attempts.isEmpty() ? null : attempts.getLast();
    int lastStatus = outcome != null ? outcome.statusCode() : last != null ? last.statusCode() : 0;
    return new ItemView(
        item.batch().publicId(),
        item.index(),
        item.clientId(),
        item.destination().key(),
        outcome == null ? ItemState.PENDING.name() : outcome.state().name(),
        ResultView.statusCode(lastStatus),
        outcome != null ? outcome.attemptCount() : last != null ? last.number() : 0,
        outcome == null ? null : outcome.latencyMillis(),
        outcome == null ? null : outcome.finishedAt(),
        outcome == null && last != null ? last.dueAt() : null,
        outcome == null ? null : outcome.error(),
        outcome == null ? null : ResponseView.of(outcome.response()),
        attempts.stream().map(AttemptView::of).toList(),
        withInput && item.input() != null ? InputView.of(item.destination(), item.input()) : null);
  }
}
