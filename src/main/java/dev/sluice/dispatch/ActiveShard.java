package dev.sluice.dispatch;

import dev.sluice.model.Item;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.History;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.Progress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A claimed shard in memory: which of its items were begun, how many are in flight, how many still
 * need an outcome. It leaves memory once: finished, given back, or lost. Any thread.
 */
final class ActiveShard {

  private static final int RELEASED = 1 << 30;
  private static final long NO_WAIT = Long.MAX_VALUE;

  private final ClaimedShard claimed;
  private final ShardDecoder items;
  private final FlowQueue flow;
  private final AtomicInteger cursor = new AtomicInteger();
  private final AtomicInteger unsettled;

  /** Items in flight, plus {@link #RELEASED} once nothing more may begin. */
  private final AtomicInteger users = new AtomicInteger();

  private final AtomicInteger longWaits = new AtomicInteger();
  private final AtomicLong earliestLongWait = new AtomicLong(NO_WAIT);
  private volatile boolean lost;

  /** Where it runs alone; null when it need not. */
  private final @Nullable Isolation isolation;

  /** Items from this ordinal on may not begin as first tries; all may where no intent is needed. */
  private volatile int intendedTo;

  /** Up to where the latest window reaches; of the one who asks for windows of the flow. */
  private int askedTo;

  private int askedCount;

  /**
   * @param isolation where it has to run alone, if so
   */
  ActiveShard(ClaimedShard claimed, FlowQueue flow, @Nullable Isolation isolation) {
    Progress progress = claimed.progress();
    int settled = progress == null ? 0 : progress.settled().cardinality();
    this.claimed = claimed;
    this.items = claimed.items();
    this.flow = flow;
    this.isolation = isolation;
    this.intendedTo = flow.needsIntents() && isolation == null ? 0 : Integer.MAX_VALUE;
    this.unsettled = new AtomicInteger(items.itemCount() - settled);
  }

  /** Tells whether several holders died with a shard since anything of it was settled. */
  static boolean runsAlone(ClaimedShard shard) {
    return shard.crashes() >= ShardQueue.ISOLATED_FROM;
  }

  /** Gives the next item never begun under this lease, or null when none may begin. */
  @Nullable LaneItem nextFresh() {
    while (true) {
      int ordinal = cursor.get();
      if (ordinal >= items.itemCount() || ordinal >= intendedTo || isHeld(ordinal)) {
        return null;
      }
      if (!cursor.compareAndSet(ordinal, ordinal + 1)) {
        continue;
      }
      Progress progress = claimed.progress();
      long index = items.index(ordinal);
      if (progress == null) {
        return firstTry(ordinal, index);
      }
      if (!isSettled(ordinal)) {
        LaneItem item = firstTry(ordinal, index);
        History history = progress.histories().get(index);
        if (history != null) {
          item.continueFrom(history);
        }
        return item;
      }
    }
  }

  /** Tells whether an earlier holder settled the item. */
  private boolean isSettled(int ordinal) {
    Progress progress = claimed.progress();
    return progress != null
        && progress.settled().get((int) (items.index(ordinal) - claimed.firstIndex()));
  }

  private LaneItem firstTry(int ordinal, long index) {
    LaneItem item = new LaneItem(this, ordinal, index);
    item.intended(1);
    return item;
  }

  /** Tells whether its retries need intents of their own. */
  boolean needsIntents() {
    return intendedTo != Integer.MAX_VALUE;
  }

  /**
   * Gives the next window: at most so many items without outcome. By one caller at a time, while
   * some lack it.
   */
  Intent nextWindow(int most) {
    int from = intendedTo;
    int to = from + 1;
    int open = isSettled(from) ? 0 : 1;
    while (to < items.itemCount() && !isHeld(to) && (open < most || isSettled(to))) {
      open += isSettled(to) ? 0 : 1;
      to++;
    }
    askedTo = to;
    askedCount = open;
    return new Intent(lease(), 1, items.index(from), items.index(to - 1));
  }

  /** Gives the items of the latest window that have no outcome. */
  int askedCount() {
    return askedCount;
  }

  /** The latest window is on disk. */
  void intended() {
    intendedTo = askedTo;
  }

  /** Tells whether there are items that only an intent is missing for. */
  boolean lacksIntents() {
    int to = intendedTo;
    return to < items.itemCount() && !isHeld(to) && (users.get() & RELEASED) == 0;
  }

  /** Gives the items that are intended and not begun. */
  int intendedCount() {
    return needsIntents() ? Math.max(0, intendedTo - cursor.get()) : 0;
  }

  /** Tells whether none of what was never begun may begin now. */
  boolean isStopped() {
    int next = cursor.get();
    return next < items.itemCount()
        && (next >= intendedTo || isHeld(next) || (isolation != null && !isolation.isFree()));
  }

  /** Gives where it runs alone; null when it need not. */
  @Nullable Isolation isolation() {
    return isolation;
  }

  /**
   * Tells whether its items are to blame only for what happens soon after their start. Those that
   * must not go twice are in doubt after an end, so there is nobody to blame.
   */
  boolean maySurvive() {
    return claimed.crashes() < ShardQueue.SUSPECT_THROUGHOUT_FROM || flow.needsIntents();
  }

  /** Tells whether a process ended while this item was being sent alone. */
  boolean isSuspect(long index) {
    Progress progress = claimed.progress();
    return progress != null && progress.suspects().contains(index);
  }

  private boolean isHeld(int ordinal) {
    long below = gate().sendBelow();
    return below != Long.MAX_VALUE && items.index(ordinal) >= below;
  }

  /** Tells whether all that was never begun waits for the canary of its batch. */
  boolean isHeld() {
    int next = cursor.get();
    return next < items.itemCount() && isHeld(next);
  }

  /** Counts an item in; false when the shard has been released and the item must be left alone. */
  boolean begin() {
    while (true) {
      int now = users.get();
      if ((now & RELEASED) != 0) {
        return false;
      }
      if (users.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /**
   * Counts an item out; true when that makes a released shard idle and the caller must give it
   * back.
   */
  boolean end() {
    return users.decrementAndGet() == RELEASED;
  }

  /** Lets nothing more begin; true when the shard is idle now and the caller must give it back. */
  boolean release() {
    while (true) {
      int now = users.get();
      if ((now & RELEASED) != 0) {
        return false;
      }
      if (users.compareAndSet(now, now | RELEASED)) {
        return now == 0;
      }
    }
  }

  /** Counts an outcome; true when it was the last one. */
  boolean settled() {
    return unsettled.decrementAndGet() == 0;
  }

  /** Remembers an item that waits for so long that it waits in the store. */
  void addLongWait(long dueNanos) {
    longWaits.incrementAndGet();
    earliestLongWait.accumulateAndGet(dueNanos, Math::min);
  }

  /** Tells whether all that is left waits in the store, or for a canary to end. */
  boolean onlyWaits() {
    int held = isHeld() ? freshCount() : 0;
    return cursor.get() >= items.itemCount() - held
        && longWaits.get() > 0
        && longWaits.get() >= unsettled.get() - held
        && (users.get() & ~RELEASED) == 0;
  }

  /** Gives process nanos at which the shard should come back, or null for at once. */
  @Nullable Long comeBackNanos() {
    long earliest = earliestLongWait.get();
    return earliest == NO_WAIT || !onlyWaits() ? null : earliest;
  }

  /**
   * Another holder has the shard: nothing of it may be sent or given back. Gives what {@link
   * #release} does.
   */
  boolean lose() {
    lost = true;
    return release();
  }

  boolean isLost() {
    return lost;
  }

  boolean isFinished() {
    return unsettled.get() == 0;
  }

  /** Gives items never begun under this lease, settled ones included. */
  int freshCount() {
    return Math.max(0, items.itemCount() - cursor.get());
  }

  /** Gives the flow it belongs to in its lane. */
  FlowQueue flow() {
    return flow;
  }

  @Nullable String clientId(int ordinal) {
    return items.id(ordinal);
  }

  Item item(int ordinal) {
    return items.item(ordinal);
  }

  Lease lease() {
    return claimed.lease();
  }

  BatchGate gate() {
    return flow.gate();
  }

  int payloadBytes() {
    return items.byteCount();
  }
}
