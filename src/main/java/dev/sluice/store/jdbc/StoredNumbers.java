package dev.sluice.store.jdbc;

import dev.sluice.model.Attempt;
import dev.sluice.model.BatchState;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.LimitKey;
import java.util.List;

/**
 * The numbers that stand for states and kinds in storage: the position in each list. Append only,
 * never reordered.
 */
final class StoredNumbers {

  static final int OPEN = 0;
  static final int SCHEDULED = 1;
  static final int QUEUED = 2;
  static final int RUNNING = 3;
  static final int PAUSED = 4;
  static final int CANCELLING = 5;
  static final int COMPLETED = 6;
  static final int CANCELLED = 7;
  static final int EXPIRED = 8;

  static final int SHARD_READY = 0;
  static final int SHARD_WAITING = 1;
  static final int SHARD_LEASED = 2;
  static final int SHARD_DONE = 3;

  static final int UPLOAD_OPEN = 0;
  static final int UPLOAD_COMMITTED = 1;
  static final int UPLOAD_DEAD = 2;

  private static final List<BatchState> BATCH_STATES =
      List.of(
          BatchState.OPEN,
          BatchState.SCHEDULED,
          BatchState.QUEUED,
          BatchState.RUNNING,
          BatchState.PAUSED,
          BatchState.CANCELLING,
          BatchState.COMPLETED,
          BatchState.CANCELLED,
          BatchState.EXPIRED);

  private static final List<OutcomeState> OUTCOME_STATES =
      List.of(
          OutcomeState.SUCCEEDED,
          OutcomeState.FAILED,
          OutcomeState.EXPIRED,
          OutcomeState.CANCELLED,
          OutcomeState.REJECTED,
          OutcomeState.IN_DOUBT);

  private static final List<Attempt.Kind> ATTEMPT_KINDS =
      List.of(
          Attempt.Kind.SUCCEEDED,
          Attempt.Kind.REFUSED,
          Attempt.Kind.RETRYABLE,
          Attempt.Kind.MAYBE_SENT,
          Attempt.Kind.NOT_SENT,
          Attempt.Kind.INTERRUPTED);

  private static final List<LimitKey.Kind> LIMIT_KINDS =
      List.of(
          LimitKey.Kind.DESTINATION_RATE,
          LimitKey.Kind.DESTINATION_CONCURRENCY,
          LimitKey.Kind.BATCH_RATE,
          LimitKey.Kind.BATCH_CONCURRENCY,
          LimitKey.Kind.TENANT_RATE);

  private StoredNumbers() {}

  static int of(BatchState state) {
    return BATCH_STATES.indexOf(state);
  }

  static BatchState batchState(int number) {
    return BATCH_STATES.get(number);
  }

  static int of(OutcomeState state) {
    return OUTCOME_STATES.indexOf(state);
  }

  static OutcomeState outcomeState(int number) {
    return OUTCOME_STATES.get(number);
  }

  static int of(Attempt.Kind kind) {
    return ATTEMPT_KINDS.indexOf(kind);
  }

  static Attempt.Kind attemptKind(int number) {
    return ATTEMPT_KINDS.get(number);
  }

  static int of(LimitKey.Kind kind) {
    return LIMIT_KINDS.indexOf(kind);
  }

  static LimitKey.Kind limitKind(int number) {
    return LIMIT_KINDS.get(number);
  }
}
