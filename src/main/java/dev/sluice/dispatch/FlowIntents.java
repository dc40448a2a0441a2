package dev.sluice.dispatch;

import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The intents of a flow whose items must not go twice. First tries are intended in windows, the
 * next one while half of the last is still to begin, so that sending goes on during the commit and
 * costs one for a window. A window is what begins in some tens of milliseconds: it doubles while it
 * lasts shorter and halves when it lasts long. Retries are intended one by one when they are due,
 * as many as the window has room for beside first tries: whatever is intended and not begun is what
 * a crash leaves in doubt. Any thread.
 */
final class FlowIntents {

  private static final int FIRST_WINDOW = 16;
  private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(40);
  private static final long LONG_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final IntentWindows windows;
  private final Runnable signal;

  /** Held from the question to its answer; one window at a time. */
  private final AtomicBoolean asking = new AtomicBoolean();

  /** Written while asking. */
  private volatile int window = FIRST_WINDOW;

  /** Written while asking. */
  private volatile long askedAt;

  /** Items of the window that is asked for. */
  private volatile int pending;

  /** Retries that are asked for. */
  private final AtomicInteger askedRetries = new AtomicInteger();

  /** Retries that are intended and not begun. */
  private final Queue<LaneItem> retries = new ConcurrentLinkedQueue<>();

  /**
   * @param signal has the lane look again
   */
  FlowIntents(IntentWindows windows, long now, Runnable signal) {
    this.windows = windows;
    this.signal = signal;
    this.askedAt = now;
    windows.opened();
  }

  /** The flow is gone. */
  void close() {
    windows.closed();
  }

  /** Tells whether some of these shards wait for a window that nobody asked for yet. */
  boolean areDue(Iterable<ActiveShard> shards) {
    return !asking.get() && room(shards) > 0;
  }

  /** Tells whether a window was asked for and is not on disk yet. */
  boolean areAsked() {
    return asking.get();
  }

  /** Asks for the next window of these shards when half of the last is used up. */
  void ask(Iterable<ActiveShard> shards, long now) {
    if (!areDue(shards) || !asking.compareAndSet(false, true)) {
      return;
    }
    long lasted = now - askedAt;
    if (lasted < SHORT_NANOS) {
      window = Math.min(window * 2, windows.largest());
    } else if (lasted > LONG_NANOS) {
      window = Math.max(1, window / 2);
    }
    askedAt = now;
    List<Intent> intents = new ArrayList<>();
    List<ActiveShard> asked = new ArrayList<>();
    int room = room(shards);
    for (ActiveShard shard : shards) {
      if (room > 0 && shard.lacksIntents()) {
        intents.add(shard.nextWindow(room));
        asked.add(shard);
        room -= shard.askedCount();
      }
    }
    if (intents.isEmpty()) {
      asking.set(false);
      return;
    }
    pending = asked.stream().mapToInt(ActiveShard::askedCount).sum();
    windows.sink().intend(intents, lost -> committed(asked, lost));
  }

  /** Gives how many items to ask for: none while more than half a window is left. */
  private int room(Iterable<ActiveShard> shards) {
    int size = Math.min(window, windows.largest());
    int ready = retryCount();
    boolean more = false;
    for (ActiveShard shard : shards) {
      ready += shard.intendedCount();
      more |= shard.lacksIntents();
    }
    return more && ready <= size / 2 ? size - ready : 0;
  }

  private void committed(List<ActiveShard> asked, Set<Lease> lost) {
    for (ActiveShard shard : asked) {
      if (!lost.contains(shard.lease())) {
        shard.intended();
      }
    }
    pending = 0;
    asking.set(false);
    signal.run();
  }

  /** Tells whether one more retry may be asked for beside what is intended of these shards. */
  boolean haveRoom(Iterable<ActiveShard> shards) {
    int taken = pending + retryCount();
    for (ActiveShard shard : shards) {
      taken += shard.intendedCount();
    }
    return taken < windows.largest();
  }

  /** Takes a retry that may be sent; null when there is none. */
  @Nullable LaneItem pollRetry() {
    return retries.poll();
  }

  boolean hasRetries() {
    return !retries.isEmpty();
  }

  /** Gives retries that are intended and not begun, or about to be. */
  int retryCount() {
    return askedRetries.get() + retries.size();
  }

  /** Drops what is not begun; its shards are being given back. */
  void clear() {
    retries.clear();
  }

  /** Asks for one more attempt of an item; it may be polled then, unless its shard was lost. */
  void ask(LaneItem item) {
    askedRetries.incrementAndGet();
    Lease lease = item.shard().lease();
    int number = item.attempts() + 1;
    windows
        .sink()
        .intend(
            List.of(item.nextIntent()),
            lost -> {
              if (!lost.contains(lease)) {
                item.intended(number);
                retries.add(item);
              }
              askedRetries.decrementAndGet();
              signal.run();
            });
  }
}
