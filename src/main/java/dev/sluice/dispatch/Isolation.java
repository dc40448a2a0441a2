package dev.sluice.dispatch;

import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Where shards run that several processes ended with: one item at a time in the whole process, each
 * committed before it begins, the next only once what became of it is on disk, or that the process
 * has outlived its sending for a moment. So the next start can tell which item it was. An item
 * during which a process ended already has its second trial with nothing else in flight: only it
 * can be blamed, and only until it was outlived. Any thread.
 */
final class Isolation {

  /**
   * How long an item is to blame for an end of the process once its request is on its way. Most
   * exchanges are over by then; one that is not may wait for a destination for minutes, and a
   * process may be ended from outside again and again meanwhile.
   */
  static final long TO_BLAME_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * How long after its start it is while its request has not been written: longer than the first
   * exchange of a cold process takes until then on a busy machine, and no longer, because one that
   * waits for a connection is as innocent.
   */
  static final long TO_BLAME_UNSENT_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final Admission admission;
  private final IntentSink intents;

  /** Who has the place; null when it is free. */
  private final AtomicReference<@Nullable Stay> inside = new AtomicReference<>();

  /** What has their lanes look again, by the shards' leases. */
  private final Map<Lease, Runnable> shards = new ConcurrentHashMap<>();

  /** An item's time in the place, from when it is let in until it is no longer to blame. */
  final class Stay {
    private final ActiveShard shard;
    private final Intent intent;

    private Stay(LaneItem item) {
      this.shard = item.shard();
      this.intent = item.nextIntent();
    }

    /** Gives what is on disk before the item begins. */
    Intent intent() {
      return intent;
    }

    /**
     * Frees the place and lets others start, unless it was over before: what became of the item is
     * on disk, or that it was outlived, or nothing of it was sent.
     */
    void end() {
      admission.together(this);
      if (inside.compareAndSet(this, null)) {
        shards.values().forEach(Runnable::run);
      }
    }
  }

  Isolation(Admission admission, IntentSink intents) {
    this.admission = admission;
    this.intents = intents;
  }

  /**
   * Adds a shard that wants to run here.
   *
   * @param signal has its lane look again
   */
  void add(ActiveShard shard, Runnable signal) {
    shards.put(shard.lease(), signal);
  }

  /** Forgets a shard that left memory; its place is still to be left. */
  void forget(ActiveShard shard) {
    shards.remove(shard.lease());
  }

  boolean isFree() {
    return inside.get() == null;
  }

  /** Lets an item in; true also when it is in already. */
  boolean admits(LaneItem item) {
    if (item.stay() != null) {
      return true;
    }
    Stay stay = new Stay(item);
    boolean free = inside.compareAndSet(null, stay);
    if (free) {
      item.stays(stay);
    }
    return free;
  }

  /** Frees the place when an item of this shard has it: nothing of the shard is in flight. */
  void leave(ActiveShard shard) {
    Stay stay = inside.get();
    if (stay != null && stay.shard == shard) {
      stay.end();
    }
  }

  /**
   * Has an item begin that holds all its places, once that is on disk.
   *
   * @param begin begins it
   * @param refused takes its places back: another holder has its shard
   */
  void begin(LaneItem item, Runnable begin, Runnable refused) {
    Stay stay = Objects.requireNonNull(item.stay(), "not let in");
    Runnable intend =
        () ->
            intents.intend(
                List.of(stay.intent),
                lost -> (lost.contains(stay.shard.lease()) ? refused : begin).run());
    if (stay.shard.isSuspect(item.index())) {
      admission.beAlone(stay, intend);
    } else {
      intend.run();
    }
  }
}
