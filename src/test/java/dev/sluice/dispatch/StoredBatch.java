package dev.sluice.dispatch;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.model.Delivery;
import dev.sluice.model.HaltOn;
import dev.sluice.model.HaltRule;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A sealed batch as the simulated store keeps it. */
final class StoredBatch {

  final long id;
  final BatchTerms terms;
  final int total;

  /** Tags of its flows, by destination. */
  final Map<Long, Double> tags = new HashMap<>();

  final Map<OutcomeState, Integer> counters = new EnumMap<>(OutcomeState.class);
  int attemptCount;
  BatchState state;
  @Nullable BatchState resumeState;
  @Nullable OutcomeState closedAs;
  private int judgedBefore;
  private int failedBefore;

  StoredBatch(long id, BatchOptions options, int total) {
    this.id = id;
    this.terms = new BatchTerms(new BatchRef(id, "bat_" + id), "default", options, 0);
    this.total = total;
    this.state = options.notBefore() == null ? BatchState.QUEUED : BatchState.SCHEDULED;
  }

  BatchOptions options() {
    return terms.options();
  }

  boolean atMostOnce() {
    return options().delivery() == Delivery.AT_MOST_ONCE;
  }

  boolean isSendable() {
    return state.isDispatchable() && closedAs == null;
  }

  boolean isDue(@Nullable Instant instant, Instant now) {
    return instant != null && !instant.isAfter(now);
  }

  void count(OutcomeState ended, int items) {
    counters.merge(ended, items, Integer::sum);
  }

  int settledCount() {
    return counters.values().stream().mapToInt(Integer::intValue).sum();
  }

  boolean isDrained() {
    return settledCount() >= total;
  }

  boolean finish() {
    if (state.isTerminal() || !isDrained()) {
      return false;
    }
    state = state == BatchState.CANCELLING ? BatchState.CANCELLED : BatchState.COMPLETED;
    return true;
  }

  void pause() {
    if (state == BatchState.SCHEDULED || state.isDispatchable()) {
      resumeState = state;
      state = BatchState.PAUSED;
    }
  }

  void resume(Instant now) {
    if (state == BatchState.PAUSED) {
      boolean due = options().notBefore() == null || isDue(options().notBefore(), now);
      state = resumeState == BatchState.SCHEDULED && due ? BatchState.QUEUED : resumeState;
      judgedBefore = judged();
      failedBefore = failed();
    }
  }

  void cancel() {
    if (!state.isTerminal() && state != BatchState.CANCELLING) {
      state = BatchState.CANCELLING;
      closedAs = closedAs == null ? OutcomeState.CANCELLED : closedAs;
    }
  }

  private int judged() {
    return count(OutcomeState.SUCCEEDED) + failed();
  }

  private int failed() {
    return count(OutcomeState.FAILED) + count(OutcomeState.REJECTED) + count(OutcomeState.IN_DOUBT);
  }

  private int count(OutcomeState ended) {
    return counters.getOrDefault(ended, 0);
  }

  /** Stops the batch when too much of it failed; gives the rule then. */
  @Nullable HaltRule judge() {
    HaltOn rule = options().haltOn();
    int judged = judged() - judgedBefore;
    if (rule.failureRatio() == null
        || !isSendable()
        || isDrained()
        || judged < rule.after()
        || (failed() - failedBefore) / (double) judged < rule.failureRatio()) {
      return null;
    }
    switch (rule.action()) {
      case PAUSE -> pause();
      case CANCEL -> cancel();
    }
    return HaltRule.FAILURE_RATIO;
  }
}
