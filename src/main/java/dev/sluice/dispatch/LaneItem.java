package dev.sluice.dispatch;

import dev.sluice.model.Verdict;
import dev.sluice.store.ShardQueue.History;
import java.time.Duration;
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
  private @Nullable Instant firstAt;
  private @Nullable Instant dueAt;
  private long dueNanos;

  LaneItem(ActiveShard shard, int ordinal, long index) {
    this.shard = shard;
    this.ordinal = ordinal;
    this.index = index;
  }

  void continueFrom(History history) {
    attempts = history.attempts();
    counted = history.counted();
    maybeSent = history.maybeSent();
    firstAt = history.firstAt();
    dueAt = history.dueAt();
  }

  /** Counts a try that began at {@code startedAt}. */
  void tried(Verdict verdict, Instant startedAt, boolean counts) {
    attempts++;
    counted += counts ? 1 : 0;
    maybeSent |= verdict instanceof Verdict.MaybeSent;
    if (firstAt == null) {
      firstAt = startedAt;
    }
  }

  /** Gives the nanoseconds from the first try to {@code now}; 0 when there was none. */
  long sinceFirstNanos(Instant now) {
    return firstAt == null ? 0 : Math.max(0, Duration.between(firstAt, now).toNanos());
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
