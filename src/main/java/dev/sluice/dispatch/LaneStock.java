package dev.sluice.dispatch;

import dev.sluice.model.Delivery;
import dev.sluice.store.NewShard;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.Lease;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The work that a lane holds in memory: shards, by batch, each until it is finished, given back or
 * lost. Adding, releasing and tidying exclude each other; everything else is free. Any thread.
 */
final class LaneStock {

  private static final long ASK_WHILE_FULL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** Longest wait for a claim that was due: a feeder that has nothing more says nothing. */
  private static final long REFILL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final long destinationId;
  private final LaneContext context;
  private final Runnable signal;
  private final Map<Long, FlowQueue> flows = new ConcurrentHashMap<>();

  /** By lease: a shard may be claimed anew while exchanges of a lost lease still run. */
  private final Map<Lease, ActiveShard> shards = new ConcurrentHashMap<>();

  private final AtomicLong payloadBytes = new AtomicLong();
  private volatile FlowQueue[] rotation = {};
  private volatile long askedWhileFull;

  /** Until when fresh items are awaited though none is here; {@link WakeUps#NEVER} while unset. */
  private final AtomicLong refillUntil = new AtomicLong(WakeUps.NEVER);

  /** Whether the latest claim filled the backlog, so that the store may hold more. */
  private volatile boolean mayHaveMore;

  /**
   * @param signal has the lane look again
   */
  LaneStock(long destinationId, LaneContext context, Runnable signal) {
    this.signal = signal;
    this.destinationId = destinationId;
    this.context = context;
    this.askedWhileFull = context.clock().nanoTime();
  }

  /** Adds claimed work. */
  synchronized void add(ClaimedShard claimed, BatchGate gate) {
    FlowQueue flow = flows.get(gate.batchId());
    if (flow == null) {
      flow = flow(gate);
      flows.put(gate.batchId(), flow);
      rotation = flows.values().toArray(FlowQueue[]::new);
    }
    Isolation isolation = ActiveShard.runsAlone(claimed) ? context.isolation() : null;
    ActiveShard shard = new ActiveShard(claimed, flow, isolation);
    if (isolation != null) {
      isolation.add(shard, signal);
    }
    shards.put(shard.lease(), shard);
    context.memory().take(shard.payloadBytes());
    payloadBytes.addAndGet(shard.payloadBytes());
    flow.add(shard);
    mayHaveMore = freshCount() > context.properties().laneBacklog() / 2;
    refillUntil.set(WakeUps.NEVER);
  }

  private FlowQueue flow(BatchGate gate) {
    boolean once = gate.terms().options().delivery() == Delivery.AT_MOST_ONCE;
    return new FlowQueue(
        gate,
        context.clock(),
        context.properties().laneWait().toNanos(),
        this::giveBackWaiting,
        once ? new FlowIntents(context.intents(), context.clock().nanoTime(), signal) : null);
  }

  /**
   * Tells until when fresh items are to be expected that are not here yet, because the feeder is
   * late; {@code now} or earlier when no longer. Called when none is here.
   */
  long refillUntil(long now) {
    if (!mayHaveMore) {
      return now;
    }
    refillUntil.compareAndSet(WakeUps.NEVER, now + REFILL_NANOS);
    return refillUntil.get();
  }

  private int freshCount() {
    int count = 0;
    for (FlowQueue flow : rotation) {
      count += flow.freshCount();
    }
    return count;
  }

  /**
   * Counts an attempt out of its shard and lets the shard leave memory when nothing of it is left
   * here.
   */
  void ended(ActiveShard shard) {
    if (shard.end()) {
      giveBack(shard);
    } else if (shard.isFinished()) {
      forget(shard);
    } else if (shard.onlyWaits()) {
      giveBackWaiting(shard);
    }
  }

  /** Counts an item out of its shard that was not sent after all. */
  void left(ActiveShard shard) {
    if (shard.end()) {
      giveBack(shard);
    }
  }

  /**
   * Counts an item out of its shard that may be intended and was not sent. The shard goes back,
   * which voids the intent: it would have the item blamed for the next end of the process.
   */
  void leftIntended(ActiveShard shard) {
    boolean _ = shard.release();
    left(shard);
  }

  private void giveBackWaiting(ActiveShard shard) {
    if (shard.release()) {
      giveBack(shard);
    }
  }

  /** Nothing of a released shard is in flight any more. */
  private void giveBack(ActiveShard shard) {
    forget(shard);
    if (!shard.isLost() && !shard.isFinished()) {
      context.settler().giveBack(shard);
    }
    Isolation isolation = shard.isolation();
    if (isolation != null) {
      context.settler().whenStored(() -> isolation.leave(shard));
    }
  }

  private void forget(ActiveShard shard) {
    if (shards.remove(shard.lease()) != null) {
      shard.flow().forget(shard);
      Isolation isolation = shard.isolation();
      if (isolation != null) {
        isolation.forget(shard);
      }
      context.memory().release(shard.payloadBytes());
      payloadBytes.addAndGet(-shard.payloadBytes());
      context.work().run();
    }
  }

  /** Gives back what is not in flight of every shard, or of one batch. */
  synchronized void release(@Nullable Long batchId) {
    for (ActiveShard shard : List.copyOf(shards.values())) {
      if ((batchId == null || shard.gate().batchId() == batchId) && shard.release()) {
        giveBack(shard);
      }
    }
    flows.forEach(
        (id, flow) -> {
          if (batchId == null || batchId.equals(id)) {
            flow.clear();
          }
        });
  }

  /** Another holder has the shard. */
  void lose(Lease lease) {
    ActiveShard shard = shards.get(lease);
    if (shard != null) {
      // What is in flight of it leaves its places by itself.
      if (shard.lose()) {
        giveBack(shard);
      } else {
        forget(shard);
      }
    }
  }

  /** Has other lanes use the places of its batches that this one was woken for. */
  void passOn() {
    for (FlowQueue flow : rotation) {
      flow.gate().passOn();
    }
  }

  /** Drops flows that have nothing left. */
  synchronized void tidy() {
    if (flows.values().removeIf(LaneStock::close)) {
      rotation = flows.values().toArray(FlowQueue[]::new);
    }
  }

  private static boolean close(FlowQueue flow) {
    if (flow.isEmpty()) {
      flow.close();
      flow.gate().passOn();
      return true;
    }
    return false;
  }

  /** Gives what there is room for now; null when it has no room. */
  @Nullable ClaimRequest wants(long bytes) {
    long laneBytes = Math.min(bytes, context.memory().laneShare() - payloadBytes.get());
    if (laneBytes <= 0) {
      return null;
    }
    int target = context.properties().laneBacklog();
    FlowQueue[] all = rotation;
    int share = target / (2 * Math.max(1, all.length));
    int backlog = 0;
    Set<Long> full = new HashSet<>();
    for (FlowQueue flow : all) {
      int count = flow.freshCount();
      backlog += count;
      if (count > share) {
        full.add(flow.gate().batchId());
      }
    }
    if (backlog > target / 2 && !mayAskWhileFull()) {
      return null;
    }
    int room = Math.max(NewShard.MAX_ITEMS, target - backlog);
    return new ClaimRequest(destinationId, room, laneBytes, full);
  }

  /** A full lane still asks for batches it does not hold yet, a few times a second. */
  private boolean mayAskWhileFull() {
    long now = context.clock().nanoTime();
    if (now - askedWhileFull < ASK_WHILE_FULL_NANOS) {
      return false;
    }
    askedWhileFull = now;
    return true;
  }

  /** Gives the flows in an order that only changes when flows come and go. */
  FlowQueue[] flows() {
    return rotation;
  }

  @Nullable FlowQueue flow(long batchId) {
    return flows.get(batchId);
  }

  Set<Long> batchIds() {
    return flows.keySet();
  }

  boolean isEmpty() {
    return shards.isEmpty();
  }
}
