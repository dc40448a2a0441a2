package dev.sluice.dispatch;

import dev.sluice.model.Attempt;
import dev.sluice.model.Destination;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Decides what a verdict means for its item: an outcome, or another try and when. Any thread. */
final class Settler {

  private static final int TOO_MANY_REQUESTS = 429;

  private static final ItemError BREAKER_OPEN =
      new ItemError(
          "breaker_open", "The destination's circuit breaker was open: the item was not tried.");

  private final ProcessClock clock;
  private final OutcomeSink sink;
  private final DispatchObserver observer;

  Settler(ProcessClock clock, OutcomeSink sink, DispatchObserver observer) {
    this.clock = clock;
    this.sink = sink;
    this.observer = observer;
  }

  /** Takes a verdict. The item is settled, or waits in its flow, or waits in the store. */
  void settle(
      Destination destination,
      LaneItem item,
      Verdict verdict,
      long startedNanos,
      long elapsedNanos) {
    Instant now = clock.instant();
    if (verdict instanceof Verdict.Interrupted) {
      putBack(item);
      return;
    }
    boolean counts = verdict.statusCode() != TOO_MANY_REQUESTS;
    item.tried(verdict, elapsedNanos, counts);
    if (verdict instanceof Verdict.Succeeded) {
      end(item, OutcomeState.SUCCEEDED, verdict, now, elapsedNanos);
      return;
    }
    Duration wait =
        item.shard()
            .gate()
            .retry()
            .nextWait(
                verdict, item.attempts(), item.counted(), item.spentNanos(), item.lastWaitNanos());
    if (wait == null) {
      end(item, failed(item, verdict), verdict, now, elapsedNanos);
      return;
    }
    observer.retryDecided(destination);
    retry(item, verdict, now, startedNanos + elapsedNanos, wait, elapsedNanos, counts);
  }

  private static OutcomeState failed(LaneItem item, Verdict verdict) {
    if (item.maybeSent()) {
      return OutcomeState.IN_DOUBT;
    }
    return verdict instanceof Verdict.Denied ? OutcomeState.REJECTED : OutcomeState.FAILED;
  }

  /**
   * Of a shard that runs alone the intent must not outlast the try: the shard goes back with it.
   */
  private static void putBack(LaneItem item) {
    if (item.shard().isolation() == null) {
      item.shard().flow().putBack(item);
    } else {
      boolean _ = item.shard().release();
    }
  }

  /** Ends an item without a try: its batch would rather know at once than wait for the breaker. */
  void failFast(LaneItem item) {
    sink.add(
        item.shard().lease(),
        new Outcome(
            item.index(),
            item.shard().clientId(item.ordinal()),
            item.maybeSent() ? OutcomeState.IN_DOUBT : OutcomeState.FAILED,
            0,
            item.attempts(),
            0,
            clock.instant(),
            BREAKER_OPEN,
            null));
    leaveIsolation(item);
    item.shard().settled();
  }

  private void retry(
      LaneItem item,
      Verdict verdict,
      Instant now,
      long nowNanos,
      Duration wait,
      long elapsedNanos,
      boolean counts) {
    sink.add(
        item.shard().lease(),
        new Attempt(
            item.index(),
            item.attempts(),
            kind(verdict),
            verdict.statusCode(),
            errorCode(verdict),
            now.minusNanos(elapsedNanos),
            TimeUnit.NANOSECONDS.toMillis(elapsedNanos),
            now.plus(wait),
            counts));
    leaveIsolation(item);
    item.waits(nowNanos + wait.toNanos(), wait.toNanos());
    item.shard().flow().await(item);
  }

  private void end(
      LaneItem item, OutcomeState state, Verdict verdict, Instant now, long elapsedNanos) {
    sink.add(
        item.shard().lease(),
        new Outcome(
            item.index(),
            item.shard().clientId(item.ordinal()),
            state,
            verdict.statusCode(),
            item.attempts(),
            TimeUnit.NANOSECONDS.toMillis(elapsedNanos),
            now,
            error(verdict),
            verdict.reply() == null ? null : verdict.reply().response()));
    leaveIsolation(item);
    item.shard().settled();
  }

  /**
   * The process has outlived the sending of an item that runs alone: whatever ends the process from
   * now on, it is not to blame, and its place is another's. What must not go twice would be in
   * doubt then as ever, so its intent stays.
   */
  void outlived(LaneItem item, Isolation.Stay stay) {
    if (item.shard().flow().needsIntents()) {
      stay.end();
    } else {
      sink.outlived(stay.intent());
      whenStored(stay::end);
    }
  }

  /** The next item runs alone once what became of this one is on disk. */
  private void leaveIsolation(LaneItem item) {
    Isolation.Stay stay = item.takeStay();
    if (stay != null) {
      whenStored(stay::end);
    }
  }

  /** Runs {@code task} once everything settled before is on disk. */
  void whenStored(Runnable task) {
    sink.whenStored(task);
  }

  /** Ends a shard's stay in memory, after everything that was settled before. */
  void giveBack(ActiveShard shard) {
    Long comeBack = shard.comeBackNanos();
    Instant notBefore =
        comeBack == null ? null : clock.instant().plusNanos(comeBack - clock.nanoTime());
    sink.giveBack(shard.lease(), notBefore);
  }

  private static @Nullable ItemError error(Verdict verdict) {
    if (verdict instanceof Verdict.Succeeded) {
      return null;
    }
    Verdict.Failure failure = verdict.failure();
    return failure == null
        ? new ItemError("http_status", "The destination answered " + verdict.statusCode())
        : new ItemError(failure.code(), failure.message());
  }

  private static @Nullable String errorCode(Verdict verdict) {
    Verdict.Failure failure = verdict.failure();
    return failure == null ? "http_status" : failure.code();
  }

  private static Attempt.Kind kind(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Succeeded _ -> Attempt.Kind.SUCCEEDED;
      case Verdict.Refused _ -> Attempt.Kind.REFUSED;
      case Verdict.Retryable _ -> Attempt.Kind.RETRYABLE;
      case Verdict.MaybeSent _ -> Attempt.Kind.MAYBE_SENT;
      case Verdict.NotSent _, Verdict.Denied _ -> Attempt.Kind.NOT_SENT;
      case Verdict.Interrupted _ -> Attempt.Kind.INTERRUPTED;
    };
  }
}
