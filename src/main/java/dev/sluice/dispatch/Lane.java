package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptRequest;
import dev.sluice.attempt.Attempter;
import dev.sluice.attempt.Cutter;
import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.model.Origin;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Verdict;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.LaneSnapshot;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue.ClaimedShard;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * All that one destination has at run time: its flows, its limits, its loops. An item goes when
 * every gate allows it; what must wait holds no place anywhere. Nothing here blocks; any thread may
 * signal, loops run on event loops.
 */
final class Lane {

  private static final long NEVER = Long.MAX_VALUE;

  private final long destinationId;
  private final Destination destination;
  private final LaneContext context;
  private final ProcessClock clock;
  private final DestinationBreaker breaker;
  private final LoopStarts starts = new LoopStarts(this);
  private final LaneStatistics statistics = new LaneStatistics();
  private final Map<Long, FlowQueue> flows = new ConcurrentHashMap<>();
  private final Map<Long, ActiveShard> shards = new ConcurrentHashMap<>();
  private final Set<LaneLoop> loops = ConcurrentHashMap.newKeySet();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger turn = new AtomicInteger();
  private final AtomicLong nextWake = new AtomicLong(NEVER);
  private final AtomicBoolean waitingForAdmission = new AtomicBoolean();

  /** Items whose rate reservation lies ahead, by the time it names. */
  private final PriorityBlockingQueue<LaneItem> reserved =
      new PriorityBlockingQueue<>(11, Comparator.comparingLong(LaneItem::dueNanos));

  private volatile FlowQueue[] rotation = {};
  private volatile ConcurrencyLimit limit;
  private volatile @Nullable RatePacer pacer;
  private volatile @Nullable DestinationSettings settings;
  private volatile boolean paused;
  private volatile boolean ratePaced;
  private volatile long holdUntil;
  private volatile long breakerUntil;
  private volatile long busyAt;

  Lane(DestinationRecord record, LaneContext context, Attempter attempter) {
    this.destinationId = record.id();
    this.destination = record.destination();
    this.context = context;
    this.clock = context.clock();
    this.limit = ConcurrencyLimit.fixed(context.properties().concurrency());
    this.breaker =
        new DestinationBreaker(
            destination.key(), context.breakers(), context.properties().breaker(), clock);
    long now = clock.nanoTime();
    this.holdUntil = now;
    this.breakerUntil = now;
    this.busyAt = now;
    follow(record);
    starts
        .flatMap(lane -> new LaneLoop(lane, attempter), context.properties().ceiling(), 1)
        .subscribe();
  }

  // Arrival

  /** Adds claimed work. */
  synchronized void add(ClaimedShard claimed, ShardDecoder decoder, BatchGate gate) {
    busyAt = clock.nanoTime();
    FlowQueue flow = flows.get(gate.batchId());
    if (flow == null) {
      flow =
          new FlowQueue(
              gate, clock, context.properties().laneWait().toNanos(), this::giveBackWaiting);
      flows.put(gate.batchId(), flow);
      rotation = flows.values().toArray(FlowQueue[]::new);
    }
    ActiveShard shard = new ActiveShard(claimed, decoder, flow);
    shards.put(shard.lease().shardId(), shard);
    context.memory().take(shard.payloadBytes());
    flow.add(shard);
    signal();
  }

  /** Makes a loop look whether something is sendable. */
  void signal() {
    starts.ask();
  }

  // Loops

  void loopBegan(LaneLoop loop) {
    loops.add(loop);
    running.incrementAndGet();
    starts.begun();
  }

  void loopEnded(LaneLoop loop) {
    running.decrementAndGet();
    loops.remove(loop);
  }

  /**
   * Takes the next item that every gate lets go now, with all its places taken; null when there is
   * none.
   */
  @Nullable LaneItem take() {
    long now = clock.nanoTime();
    if (paused || isOverLimit()) {
      return null;
    }
    long blockedUntil = Math.max(holdUntil, breakerUntil);
    if (blockedUntil - now > 0) {
      wakeAt(blockedUntil);
      return null;
    }
    if (!context.admission().tryEnter(this)) {
      return null;
    }
    LaneItem item = takeReserved(now);
    if (item == null) {
      item = choose(now);
    }
    if (item == null) {
      context.admission().exit();
      wakeAt(nextDue());
    }
    return item;
  }

  /**
   * Tells whether another loop could help; at the ceiling the {@code flatMap} holds its start back.
   */
  boolean mayGrow() {
    int most = limit.current();
    return most >= context.properties().ceiling() || running.get() < most;
  }

  /** The ceiling is the {@code flatMap}'s; only a limit below it needs this gate. */
  private boolean isOverLimit() {
    int most = limit.current();
    return most < context.properties().ceiling() && running.get() > most;
  }

  private @Nullable LaneItem takeReserved(long now) {
    LaneItem head = reserved.peek();
    if (head == null || head.dueNanos() - now > 0) {
      return null;
    }
    LaneItem item = reserved.poll();
    if (item == null) {
      return null;
    }
    if (item.dueNanos() - now > 0) {
      reserved.add(item);
      return null;
    }
    if (!item.shard().begin()) {
      return null;
    }
    if (!item.shard().gate().tryEnter(this)) {
      putBack(item);
      return null;
    }
    if (!mayPassBreaker(now)) {
      item.shard().gate().exit();
      putBack(item);
      return null;
    }
    return item;
  }

  private @Nullable LaneItem choose(long now) {
    FlowQueue[] all = rotation;
    int first = all.length < 2 ? 0 : Math.floorMod(turn.getAndIncrement(), all.length);
    for (int i = 0; i < all.length; i++) {
      FlowQueue flow = all[(first + i) % all.length];
      if (flow.hasReady(now)) {
        LaneItem item = chooseFrom(flow, now);
        if (item != null || breakerUntil - now > 0) {
          return item;
        }
      }
    }
    return null;
  }

  /** Takes an item of one flow; while a rate is the only gate shut, reserves ahead instead. */
  private @Nullable LaneItem chooseFrom(FlowQueue flow, long now) {
    BatchGate gate = flow.gate();
    while (gate.tryEnter(this)) {
      LaneItem item = flow.poll(now);
      if (item == null) {
        gate.exit();
        return null;
      }
      if (!mayPassBreaker(now)) {
        gate.exit();
        putBack(item);
        return null;
      }
      long wait = reserveRate(gate);
      if (wait == 0) {
        return item;
      }
      breaker.release();
      gate.exit();
      if (wait < 0) {
        putBack(item);
        return null;
      }
      leave(item);
      item.dueAtNanos(now + wait);
      reserved.add(item);
    }
    return null;
  }

  private long reserveRate(BatchGate gate) {
    RatePacer own = pacer;
    if (own == null && !gate.isPaced()) {
      return 0;
    }
    long wait = own == null ? 0 : own.reserve();
    long batchWait = wait < 0 ? 0 : gate.reserve();
    long longest = wait < 0 || batchWait < 0 ? -1 : Math.max(wait, batchWait);
    ratePaced = longest != 0;
    return longest;
  }

  private boolean mayPassBreaker(long now) {
    if (breaker.tryAcquire()) {
      return true;
    }
    breakerUntil = breaker.askAgainAt(now);
    wakeAt(breakerUntil);
    return false;
  }

  private void putBack(LaneItem item) {
    item.shard().flow().putBack(item);
    leave(item);
  }

  /** Counts an item out of its shard without an outcome. */
  private void leave(LaneItem item) {
    if (item.shard().end()) {
      giveBack(item.shard());
    }
  }

  private long nextDue() {
    LaneItem head = reserved.peek();
    long due = head == null ? NEVER : head.dueNanos();
    for (FlowQueue flow : rotation) {
      due = Math.min(due, flow.nextDue());
    }
    return due;
  }

  private void wakeAt(long nanos) {
    if (nanos == NEVER) {
      return;
    }
    long planned = nextWake.get();
    boolean sooner = planned == NEVER || nanos - planned < 0;
    if (sooner && nextWake.compareAndSet(planned, nanos)) {
      context
          .timer()
          .at(
              nanos,
              () -> {
                nextWake.compareAndSet(nanos, NEVER);
                signal();
              });
    }
  }

  // The attempt

  /** Says that an item taken is being sent; gives what to send. */
  AttemptRequest started(LaneItem item, Cutter cutter) {
    inFlight.incrementAndGet();
    item.shard().flow().started();
    context.observer().attemptStarted(destination);
    Item content = item.shard().item(item.ordinal());
    BatchGate gate = item.shard().gate();
    Origin origin = content.origin();
    String key =
        origin == null
            ? gate.terms().batch().publicId() + '-' + item.index()
            : origin.batchId() + '-' + origin.index();
    return new AttemptRequest(
        destination, content.request(), item.attempts() + 1, key, gate.attemptTerms(), cutter);
  }

  /** Takes the verdict of an item that was being sent; frees its places. */
  void ended(LaneItem item, Verdict verdict, long startedNanos) {
    long now = clock.nanoTime();
    long nanos = now - startedNanos;
    int concurrent = inFlight.getAndDecrement();
    item.shard().flow().ended();
    breaker.record(verdict, nanos);
    limit.ended(verdict, nanos, concurrent);
    statistics.ended(verdict);
    context.observer().attemptEnded(destination, verdict, nanos);
    if (verdict instanceof Verdict.Retryable r && r.retryAfter() != null) {
      hold(now, r.retryAfter());
    }
    context.settler().settle(destination, item, verdict, startedNanos, nanos);
    item.shard().gate().exit();
    finish(item.shard());
    context.admission().exit();
  }

  private void hold(long now, Duration wait) {
    long until = now + wait.toNanos();
    if (until - holdUntil > 0) {
      holdUntil = until;
    }
  }

  /**
   * Counts an attempt out of its shard and lets the shard leave memory when nothing of it is left
   * here.
   */
  private void finish(ActiveShard shard) {
    if (shard.end()) {
      giveBack(shard);
    } else if (shard.isFinished()) {
      forget(shard);
    } else if (shard.onlyWaits()) {
      giveBackWaiting(shard);
    }
  }

  private void giveBackWaiting(ActiveShard shard) {
    if (shard.release()) {
      giveBack(shard);
    }
  }

  private void giveBack(ActiveShard shard) {
    forget(shard);
    if (!shard.isLost() && !shard.isFinished()) {
      context.settler().giveBack(shard);
    }
  }

  private void forget(ActiveShard shard) {
    if (shards.remove(shard.lease().shardId()) != null) {
      shard.flow().forget(shard);
      context.memory().release(shard.payloadBytes());
      context.work().run();
    }
  }

  // Control and housekeeping

  /** Follows what an operator wants of the destination. */
  void follow(DestinationRecord record) {
    boolean pausedNow = record.paused() != null;
    if (pausedNow == paused && record.settings().equals(settings)) {
      return;
    }
    settings = record.settings();
    paused = pausedNow;
    Integer concurrency = record.settings().concurrency();
    DispatchProperties properties = context.properties();
    int wanted =
        Math.min(
            concurrency == null ? properties.concurrency() : concurrency, properties.ceiling());
    if (wanted != limit.current()) {
      limit = ConcurrencyLimit.fixed(wanted);
    }
    var rate = record.settings().rate() != null ? record.settings().rate() : context.defaultRate();
    RatePacer current = pacer;
    if (rate == null) {
      pacer = null;
    } else if (current == null || !current.rate().equals(rate)) {
      pacer = new RatePacer(destination.key(), rate);
    }
    breaker.override(record.settings().breaker());
    if (!breaker.isOpen()) {
      breakerUntil = Math.min(breakerUntil, clock.nanoTime());
    }
    signal();
  }

  /** Gives back what is not in flight of every shard, or of one batch. */
  void release(@Nullable Long batchId) {
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
    reserved.removeIf(item -> batchId == null || item.shard().gate().batchId() == batchId);
  }

  /** Another holder has the shard. */
  void lose(long shardId) {
    ActiveShard shard = shards.get(shardId);
    if (shard != null) {
      shard.lose();
      forget(shard);
    }
  }

  /** Cuts attempts past their deadline, and all of them when {@code all} is set. */
  int cut(long now, boolean all) {
    for (LaneLoop loop : loops) {
      loop.cutOverdue(now, all ? 0 : -1);
    }
    return inFlight.get();
  }

  /** Drops flows that have nothing left. */
  synchronized void tidy() {
    if (flows.values().removeIf(FlowQueue::isEmpty)) {
      rotation = flows.values().toArray(FlowQueue[]::new);
    }
  }

  /**
   * Gives process nanos until which nothing will be sent because of the destination, if that is
   * ahead.
   */
  long blockedUntil() {
    return Math.max(holdUntil, breakerUntil);
  }

  /** Gives why it is blocked. */
  String blockReason() {
    return holdUntil - breakerUntil > 0 ? "hold" : "breaker";
  }

  /** Gives how many items the lane would take now. */
  int room() {
    busyAt = clock.nanoTime();
    if (paused) {
      return 0;
    }
    int backlog = 0;
    for (ActiveShard shard : shards.values()) {
      backlog += shard.freshCount();
    }
    int target = context.properties().laneBacklog();
    return backlog > target / 2 ? 0 : target - backlog;
  }

  boolean isIdleSince(long nanos) {
    return shards.isEmpty() && inFlight.get() == 0 && !breaker.isOpen() && busyAt - nanos < 0;
  }

  boolean isEmpty() {
    return shards.isEmpty();
  }

  boolean isPaused() {
    return paused;
  }

  boolean beginWaiting() {
    return waitingForAdmission.compareAndSet(false, true);
  }

  void endWaiting() {
    waitingForAdmission.set(false);
  }

  long now() {
    return clock.nanoTime();
  }

  long destinationId() {
    return destinationId;
  }

  Destination destination() {
    return destination;
  }

  Set<Long> batchIds() {
    return flows.keySet();
  }

  // Snapshots

  /** Closes a statistics period of {@code nanos}. */
  void roll(long nanos) {
    statistics.roll(nanos);
  }

  LaneSnapshot snapshot() {
    long now = clock.nanoTime();
    int backlog = reserved.size();
    for (FlowQueue flow : rotation) {
      backlog += flow.backlogCount();
    }
    return new LaneSnapshot(
        destinationId,
        inFlight.get(),
        backlog,
        limit.current(),
        breaker.state(),
        holdUntil - now > 0 ? clock.instant().plusNanos(holdUntil - now) : null,
        statistics.ratePerSecond(),
        statistics.successRatio());
  }

  /** Gives what each flow is doing; {@code nanos} is the time since the last call. */
  List<FlowSnapshot> flowSnapshots(long nanos) {
    long now = clock.nanoTime();
    return flows.values().stream().map(flow -> snapshot(flow, now, nanos)).toList();
  }

  private FlowSnapshot snapshot(FlowQueue flow, long now, long nanos) {
    int waiting = flow.backlogCount();
    String reason = waiting == 0 ? null : waitingOn(flow, now);
    long until = "retry".equals(reason) ? flow.nextDue() : Math.max(holdUntil, breakerUntil);
    return new FlowSnapshot(
        flow.gate().batchId(),
        destinationId,
        flow.inFlight(),
        reason,
        waiting,
        reason != null && until != NEVER && until - now > 0
            ? clock.instant().plusNanos(until - now)
            : null,
        flow.takeEnded() * 1e9 / Math.max(1, nanos));
  }

  private @Nullable String waitingOn(FlowQueue flow, long now) {
    if (paused) {
      return "paused";
    }
    if (blockedUntil() - now > 0) {
      return blockReason();
    }
    if (!flow.hasReady(now)) {
      return "retry";
    }
    if (ratePaced) {
      return "rate";
    }
    return flow.gate().isFull() || inFlight.get() >= limit.current() ? "concurrency" : null;
  }
}
