package dev.sluice.dispatch;

import dev.sluice.model.Verdict;
import dev.sluice.store.ShardQueue.History;
import dev.sluice.store.ShardQueue.Intent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An item in a lane and what its tries did so far. Owned by one thread at a time: the loop that
 * took it, else the queue it waits in.
 */
final class LaneItem {

  private final ActiveShard shard;
  private final int ordinal;
  private final long index;
  private int attempts;
  private int counted;
  private boolean maybeSent;
  private long spentNanos;
  private long lastWaitNanos;
  private @Nullable Instant dueAt;
  private long dueNanos;
  private RateGate.@Nullable Reservation reservation;

  /** Number of the last attempt that is intended. */
  private int intended;

  private Isolation.@Nullable Stay stay;

  LaneItem(ActiveShard shard, int ordinal, long index) {
    this.shard = shard;
    this.ordinal = ordinal;
    this.index = index;
  }

  void continueFrom(History history) {
    attempts = history.attempts();
    counted = history.counted();
    maybeSent = history.maybeSent();
    spentNanos = history.spent().toNanos();
    lastWaitNanos = history.lastWait().toNanos();
    dueAt = history.dueAt();
  }

  /** Counts a try. */
  void tried(Verdict verdict, long elapsedNanos, boolean counts) {
    attempts++;
    spentNanos += elapsedNanos;
    counted += counts ? 1 : 0;
    maybeSent |= verdict instanceof Verdict.MaybeSent;
  }

  /** Has it wait for its next try. */
  void waits(long untilNanos, long waitNanos) {
    dueNanos = untilNanos;
    lastWaitNanos = waitNanos;
    spentNanos += waitNanos;
  }

  /** Gives what its tries took, with the waits decided between them. */
  long spentNanos() {
    return spentNanos;
  }

  /** Gives the wait decided after its last try; 0 when there was none. */
  long lastWaitNanos() {
    return lastWaitNanos;
  }

  /** Tells whether it was tried before. */
  boolean isRetry() {
    return attempts > 0;
  }

  /** Gives when an earlier holder's retry is due, once; null when it is due at once. */
  @Nullable Instant takeDueAt() {
    Instant due = dueAt;
    dueAt = null;
    return due;
  }

  void dueAtNanos(long nanos) {
    dueNanos = nanos;
  }

  long dueNanos() {
    return dueNanos;
  }

  void reserved(RateGate.@Nullable Reservation turn) {
    reservation = turn;
  }

  /** Gives its turn by the rates, once it was told to wait for one. */
  RateGate.@Nullable Reservation reservation() {
    return reservation;
  }

  /** Its attempt of this number is intended. */
  void intended(int number) {
    intended = number;
  }

  /** Gives the intent of its next attempt, also while that is under way. */
  Intent nextIntent() {
    return new Intent(shard.lease(), attempts + 1, index, index);
  }

  /** Tells whether its next attempt is still to be intended. */
  boolean needsIntent() {
    return intended != attempts + 1 && shard.needsIntents();
  }

  /** It was let in where items run alone. */
  void stays(Isolation.Stay newStay) {
    stay = newStay;
  }

  /** Gives its stay where items run alone, also when it was outlived; null when it has none. */
  Isolation.@Nullable Stay stay() {
    return stay;
  }

  /** Gives its stay, and has none any more. */
  Isolation.@Nullable Stay takeStay() {
    Isolation.Stay taken = stay;
    stay = null;
    return taken;
  }

  ActiveShard shard() {
    return shard;
  }

  int ordinal() {
    return ordinal;
  }

  long index() {
    return index;
  }

  int attempts() {
    return attempts;
  }

  int counted() {
    return counted;
  }

  boolean maybeSent() {
    return maybeSent;
  }
}
