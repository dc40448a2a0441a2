package dev.sluice.dispatch;

import dev.sluice.store.ShardQueue.Lease;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Where shards run that several processes ended with: one item at a time in the whole process, each
 * committed before it begins, the next only once what became of it is on disk. So the next start
 * can tell which item it was. An item during which a process ended already has its second trial
 * with nothing else in flight: only it can be blamed, and only until the process has outlived its
 * sending for a moment. Any thread.
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

  /** The shard of the item that is inside; null when the place is free. */
  private final AtomicReference<@Nullable ActiveShard> inside = new AtomicReference<>();

  /** What has their lanes look again, by the shards' leases. */
  private final Map<Lease, Runnable> shards = new ConcurrentHashMap<>();

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
    if (item.isInside()) {
      return true;
    }
    boolean free = inside.compareAndSet(null, item.shard());
    if (free) {
      item.inside(true);
    }
    return free;
  }

  /**
   * Frees the place when this shard has it: what became of its item is on disk, or nothing of it
   * was sent.
   */
  void leave(ActiveShard shard) {
    admission.together(shard);
    if (inside.compareAndSet(shard, null)) {
      shards.values().forEach(Runnable::run);
    }
  }

  /** Lets others start beside the item of this shard, which keeps its place here. */
  void outlived(ActiveShard shard) {
    admission.together(shard);
  }

  /**
   * Has an item begin that holds all its places, once that is on disk.
   *
   * @param begin begins it
   * @param refused takes its places back: another holder has its shard
   */
  void begin(LaneItem item, Runnable begin, Runnable refused) {
    if (item.shard().isSuspect(item.index())) {
      admission.beAlone(item.shard(), () -> intend(item, begin, refused));
    } else {
      intend(item, begin, refused);
    }
  }

  private void intend(LaneItem item, Runnable begin, Runnable refused) {
    Lease lease = item.shard().lease();
    intents.intend(
        List.of(item.nextIntent()), lost -> (lost.contains(lease) ? refused : begin).run());
  }
}
