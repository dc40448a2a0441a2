package dev.sluice.dispatch;

import dev.sluice.model.ProcessClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The items of one batch in one lane: retries by due time, items put back, shards not yet begun in
 * submission order. Any thread.
 */
final class FlowQueue {

  private static final Comparator<LaneItem> BY_DUE = Comparator.comparingLong(LaneItem::dueNanos);

  /** How soon an item is looked at again that another kept from running alone. */
  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final BatchGate gate;
  private final Queue<ActiveShard> fresh = new ConcurrentLinkedQueue<>();
  private final Queue<LaneItem> returned = new ConcurrentLinkedQueue<>();
  private final PriorityBlockingQueue<LaneItem> waiting = new PriorityBlockingQueue<>(11, BY_DUE);
  private final AtomicInteger shardCount = new AtomicInteger();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final ProcessClock clock;
  private final long laneWaitNanos;
  private final Consumer<ActiveShard> onlyWaits;
  private final @Nullable FlowIntents intents;
  private final LongAdder ended = new LongAdder();

  /**
   * @param laneWaitNanos a retry due later than this waits in the store
   * @param onlyWaits takes shards of which nothing but such retries is left; called by the polling
   *     thread
   * @param intents where items must not go twice
   */
  FlowQueue(
      BatchGate gate,
      ProcessClock clock,
      long laneWaitNanos,
      Consumer<ActiveShard> onlyWaits,
      @Nullable FlowIntents intents) {
    this.gate = gate;
    this.clock = clock;
    this.laneWaitNanos = laneWaitNanos;
    this.onlyWaits = onlyWaits;
    this.intents = intents;
  }

  /** Appends a shard. */
  void add(ActiveShard shard) {
    shardCount.incrementAndGet();
    fresh.add(shard);
  }

  /** Says that a shard left memory. */
  void forget(ActiveShard shard) {
    shardCount.decrementAndGet();
    fresh.remove(shard);
  }

  /**
   * Takes the next item that may begin at {@code now}, already counted in at its shard; null when
   * there is none.
   *
   * @param retries whether it may be one whose wait is over
   */
  @Nullable LaneItem poll(long now, boolean retries) {
    if (intents != null) {
      intents.ask(fresh, now);
    }
    LaneItem item;
    while ((item = returned.poll()) != null || (retries && (item = pollRetry(now)) != null)) {
      if (mayBegin(item, now) && begin(item)) {
        return item;
      }
    }
    ActiveShard shard;
    while ((shard = nextShard()) != null) {
      item = shard.nextFresh();
      if (item == null) {
        if (shard.freshCount() == 0) {
          fresh.remove(shard);
        }
        leaveIfWaiting(shard);
      } else if (waitsForRetry(item, now)) {
        leaveIfWaiting(shard);
      } else if (mayBegin(item, now)) {
        if (begin(item)) {
          return item;
        }
        fresh.remove(shard);
      }
    }
    if (intents != null) {
      // What was left of the window was settled already, or waits for its due time.
      intents.ask(fresh, now);
    }
    return null;
  }

  /** Sends an item that needs to be intended, or to run alone, to where it waits for that. */
  private boolean mayBegin(LaneItem item, long now) {
    if (intents != null && item.needsIntent()) {
      item.dueAtNanos(now);
      if (intents.haveRoom(fresh)) {
        intents.ask(item);
      } else {
        waiting.add(item);
      }
      return false;
    }
    Isolation isolation = item.shard().isolation();
    if (isolation == null || isolation.admits(item)) {
      return true;
    }
    item.dueAtNanos(now + LOOK_AGAIN_NANOS);
    waiting.add(item);
    return false;
  }

  private static boolean begin(LaneItem item) {
    ActiveShard shard = item.shard();
    if (shard.begin()) {
      return true;
    }
    Isolation.Stay stay = item.takeStay();
    if (stay != null) {
      stay.end();
    }
    return false;
  }

  /** Gives the first shard not yet begun to its end of which something may begin. */
  private @Nullable ActiveShard nextShard() {
    ActiveShard first = fresh.peek();
    if (first == null || !first.isStopped()) {
      return first;
    }
    for (ActiveShard shard : fresh) {
      if (!shard.isStopped()) {
        return shard;
      }
    }
    return null;
  }

  private void leaveIfWaiting(ActiveShard shard) {
    if (shard.onlyWaits()) {
      onlyWaits.accept(shard);
    }
  }

  /** Sends an item that an earlier holder tried to where it waits for its due time. */
  private boolean waitsForRetry(LaneItem item, long now) {
    Instant due = item.takeDueAt();
    if (due == null) {
      return false;
    }
    long wait = Duration.between(clock.instant(), due).toNanos();
    if (wait <= 0) {
      return false;
    }
    item.dueAtNanos(now + wait);
    await(item);
    return true;
  }

  /** Takes a retry that may be sent; first has the next ones intended that fell due meanwhile. */
  private @Nullable LaneItem pollRetry(long now) {
    if (intents == null) {
      return pollDue(now);
    }
    LaneItem due = null;
    while (intents.haveRoom(fresh) && (due = pollDue(now)) != null && due.needsIntent()) {
      intents.ask(due);
      due = null;
    }
    return due == null ? intents.pollRetry() : due;
  }

  private @Nullable LaneItem pollDue(long now) {
    LaneItem head = waiting.peek();
    if (head == null || head.dueNanos() - now > 0) {
      return null;
    }
    LaneItem item = waiting.poll();
    if (item != null && item.dueNanos() - now > 0) {
      // Another thread took the due one in between.
      waiting.add(item);
      return null;
    }
    return item;
  }

  /**
   * Puts an item back that could not be sent after all; it goes first next time. Counted out by the
   * caller.
   */
  void putBack(LaneItem item) {
    returned.add(item);
  }

  /** Keeps an item until it is due: here when that is soon, else in the store. */
  void await(LaneItem item) {
    if (item.dueNanos() - clock.nanoTime() <= laneWaitNanos) {
      waiting.add(item);
    } else {
      item.shard().addLongWait(item.dueNanos());
    }
  }

  /** Gives process nanos of the earliest retry, or {@code Long.MAX_VALUE}. */
  long nextDue() {
    LaneItem head = waiting.peek();
    return head == null ? Long.MAX_VALUE : head.dueNanos();
  }

  /** Tells whether a retry's wait is over. */
  boolean isRetryDue(long now) {
    return nextDue() - now <= 0 || (intents != null && intents.hasRetries());
  }

  /** Tells whether something could begin now if the gates allowed. */
  boolean hasReady(long now) {
    return !returned.isEmpty()
        || nextShard() != null
        || isRetryDue(now)
        || (intents != null && intents.areDue(fresh));
  }

  /** Tells whether something that is not a retry could begin now. */
  boolean hasFirstTries() {
    return nextShard() != null || !returned.isEmpty();
  }

  /** Tells whether nothing is left to do before the canary of the batch ends. */
  boolean awaitsCanary() {
    return !fresh.isEmpty()
        && fresh.stream().allMatch(ActiveShard::isHeld)
        && returned.isEmpty()
        && waiting.isEmpty()
        && (intents == null || intents.retryCount() == 0);
  }

  /** Tells whether its items must be intended before they begin. */
  boolean needsIntents() {
    return intents != null;
  }

  /** Tells whether all that it has waits for a commit of intents. */
  boolean awaitsIntents() {
    return intents != null && (intents.areAsked() || intents.retryCount() > 0) && waiting.isEmpty();
  }

  /** It is dropped: nothing of it is in memory any more. */
  void close() {
    if (intents != null) {
      intents.close();
    }
  }

  /** Gives items in memory that are not in flight. */
  int backlogCount() {
    int intended = intents == null ? 0 : intents.retryCount();
    return returned.size() + waiting.size() + intended + freshCount();
  }

  /** Gives items never begun, settled ones of earlier holders included. */
  int freshCount() {
    int count = 0;
    for (ActiveShard shard : fresh) {
      count += shard.freshCount();
    }
    return count;
  }

  /** Tells whether no shard of the flow is in memory. */
  boolean isEmpty() {
    return shardCount.get() == 0;
  }

  void started() {
    inFlight.incrementAndGet();
  }

  void ended() {
    inFlight.decrementAndGet();
    ended.increment();
  }

  int inFlight() {
    return inFlight.get();
  }

  /** Gives the attempts ended since the last call. */
  long takeEnded() {
    return ended.sumThenReset();
  }

  /** Drops everything that is not in flight; its shards are being given back. */
  void clear() {
    fresh.clear();
    returned.clear();
    waiting.clear();
    if (intents != null) {
      intents.clear();
    }
  }

  BatchGate gate() {
    return gate;
  }
}
