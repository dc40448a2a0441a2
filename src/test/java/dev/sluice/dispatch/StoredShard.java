package dev.sluice.dispatch;

import dev.sluice.model.Attempt;
import dev.sluice.model.Destination;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.ShardQueue.History;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.Progress;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A shard as the simulated store keeps it, with the rows of its items. */
final class StoredShard {

  enum State {
    READY,
    WAITING,
    LEASED,
    DONE
  }

  final long id;
  final StoredBatch batch;
  final long destinationId;
  final Destination destination;
  final List<Long> indexes;
  final byte[] payload;
  final NavigableMap<Long, Outcome> outcomes = new TreeMap<>();
  final Map<Long, NavigableMap<Integer, Attempt>> attempts = new HashMap<>();

  /** Numbers of the tries that were said to come, by item. */
  final Map<Long, Set<Integer>> intents = new HashMap<>();

  /** Ends of processes counted against items that ran alone. */
  final Map<Long, Integer> suspects = new HashMap<>();

  State state = State.READY;
  @Nullable Long owner;
  long token;
  int crashes;
  boolean touched;
  @Nullable Instant notBefore;
  @Nullable OutcomeState closedAs;

  StoredShard(
      long id,
      StoredBatch batch,
      long destinationId,
      Destination destination,
      List<Long> indexes,
      byte[] payload) {
    this.id = id;
    this.batch = batch;
    this.destinationId = destinationId;
    this.destination = destination;
    this.indexes = indexes;
    this.payload = payload;
  }

  long firstIndex() {
    return indexes.getFirst();
  }

  Lease lease() {
    return new Lease(id, batch.id, destinationId, token);
  }

  boolean isHeld(long byOwner, Lease lease) {
    return owner != null && owner == byOwner && token == lease.token();
  }

  List<Long> unsettled() {
    if (closedAs != null) {
      return List.of();
    }
    List<Long> left = new ArrayList<>(indexes);
    left.removeAll(outcomes.keySet());
    return left;
  }

  /** Gives how an item ended, by its own row or by its shard's; null while it has not. */
  @Nullable OutcomeState outcome(long index) {
    Outcome own = outcomes.get(index);
    return own == null ? closedAs : own.state();
  }

  NavigableMap<Integer, Attempt> attemptsOf(long index) {
    return attempts.getOrDefault(index, new TreeMap<>());
  }

  /** Inserts an attempt unless there is one of that number; times keep their milliseconds. */
  boolean insert(Attempt attempt) {
    return attempts
            .computeIfAbsent(attempt.index(), _ -> new TreeMap<>())
            .putIfAbsent(
                attempt.number(),
                new Attempt(
                    attempt.index(),
                    attempt.number(),
                    attempt.kind(),
                    attempt.statusCode(),
                    attempt.errorCode(),
                    attempt.startedAt().truncatedTo(ChronoUnit.MILLIS),
                    attempt.latencyMillis(),
                    attempt.dueAt().truncatedTo(ChronoUnit.MILLIS),
                    attempt.counted()))
        == null;
  }

  /** Gives what earlier holders did. */
  Progress progress(boolean withOutcomes, boolean withAttempts, boolean withSuspects) {
    BitSet settled = new BitSet();
    if (withOutcomes) {
      outcomes.keySet().forEach(index -> settled.set((int) (index - firstIndex())));
    }
    Map<Long, History> histories = new HashMap<>();
    if (withAttempts) {
      for (Long index : unsettled()) {
        for (Attempt attempt : attemptsOf(index).values()) {
          histories.merge(index, history(attempt), StoredShard::then);
        }
      }
    }
    return new Progress(
        settled, histories, withSuspects ? Set.copyOf(suspects.keySet()) : Set.of());
  }

  boolean maybeSent(long index) {
    return attemptsOf(index).values().stream()
        .anyMatch(attempt -> attempt.kind() == Attempt.Kind.MAYBE_SENT);
  }

  /** Says that the unsettled items between two indexes may be sent as try {@code number}. */
  void intend(int number, long first, long last) {
    for (Long index : unsettled()) {
      if (index >= first && index <= last) {
        intents.computeIfAbsent(index, _ -> new HashSet<>()).add(number);
      }
    }
  }

  /** An end of the process is not its item's any more. */
  void outlived(Intent intent) {
    intents.getOrDefault(intent.firstIndex(), new HashSet<>()).remove(intent.number());
    suspects.remove(intent.firstIndex());
  }

  boolean isIntended(long index, int number) {
    return intents.getOrDefault(index, Set.of()).contains(number);
  }

  /** Tells whether an item may have been sent in a try of which nothing is known. */
  boolean isInDoubt(long index) {
    return intents.getOrDefault(index, Set.of()).stream()
        .anyMatch(number -> !attemptsOf(index).containsKey(number));
  }

  private static History history(Attempt attempt) {
    Duration spent = Duration.between(attempt.startedAt(), attempt.dueAt());
    return new History(
        1,
        attempt.counted() ? 1 : 0,
        attempt.kind() == Attempt.Kind.MAYBE_SENT,
        positive(spent),
        positive(spent.minusMillis(attempt.latencyMillis())),
        attempt.dueAt());
  }

  private static Duration positive(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  private static History then(History earlier, History next) {
    return new History(
        earlier.attempts() + next.attempts(),
        earlier.counted() + next.counted(),
        earlier.maybeSent() || next.maybeSent(),
        earlier.spent().plus(next.spent()),
        next.lastWait(),
        next.dueAt());
  }
}
