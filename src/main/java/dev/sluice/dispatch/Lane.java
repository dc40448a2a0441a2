package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptRequest;
import dev.sluice.attempt.Attempter;
import dev.sluice.attempt.Cutter;
import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.model.Origin;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Rate;
import dev.sluice.model.Verdict;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.LaneSnapshot;
import dev.sluice.store.NewShard;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.Lease;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.TimeUnit;
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
  private static final long ASK_WHILE_FULL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

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

  /** Set while a loop was refused because others ran that may have been ending. */
  private final AtomicBoolean overLimit = new AtomicBoolean();

  private final AtomicLong payloadBytes = new AtomicLong();
  private final AtomicLong holdUntil;

  /** Items whose rate reservation lies ahead, by the time it names. */
  private final PriorityBlockingQueue<LaneItem> reserved =
      new PriorityBlockingQueue<>(11, Comparator.comparingLong(LaneItem::dueNanos));

  private volatile FlowQueue[] rotation = {};
  private volatile ConcurrencyLimit limit;
  private volatile @Nullable RatePacer pacer;
  private volatile @Nullable DestinationSettings settings;
  private volatile boolean paused;
  private volatile boolean ratePaced;
  private volatile long breakerUntil;
  private volatile long busyAt;
  private volatile long askedWhileFull;

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
    this.holdUntil = new AtomicLong(now);
    this.breakerUntil = now;
    this.busyAt = now;
    this.askedWhileFull = now;
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
    payloadBytes.addAndGet(shard.payloadBytes());
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
    int left = running.decrementAndGet();
    loops.remove(loop);
    if (left < limit.current() && overLimit.compareAndSet(true, false)) {
      signal();
    }
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
    long blockedUntil = blockedUntil();
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
      wakeAt(nextDue(now));
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
    if (most >= context.properties().ceiling() || running.get() <= most) {
      return false;
    }
    // The loops that make it too many may be ending: the last of them to end looks again.
    overLimit.set(true);
    return running.get() > most;
  }

  private @Nullable LaneItem takeReserved(long now) {
    LaneItem item;
    while ((item = pollReserved(now)) != null) {
      if (!item.shard().begin()) {
        continue;
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
    return null;
  }

  private @Nullable LaneItem pollReserved(long now) {
    LaneItem head = reserved.peek();
    if (head == null || head.dueNanos() - now > 0) {
      return null;
    }
    LaneItem item = reserved.poll();
    if (item != null && item.dueNanos() - now > 0) {
      // Another thread took the due one in between.
      reserved.add(item);
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
      long wait = reserveRate(gate, now);
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

  /**
   * Reserves an attempt of the batch's rate and of the destination's: nanoseconds to wait, or -1.
   */
  private long reserveRate(BatchGate gate, long now) {
    RatePacer own = pacer;
    RatePacer batch = gate.pacer();
    if (own == null && batch == null) {
      return 0;
    }
    long wait = 0;
    if (batch != null) {
      wait = batch.reserve(now);
      if (wait < 0) {
        return rateRefused(now + batch.lookAgainNanos());
      }
    }
    if (own != null) {
      long ownWait = own.reserve(now);
      if (ownWait < 0) {
        if (batch != null) {
          batch.refund(now + wait);
        }
        return rateRefused(now + own.lookAgainNanos());
      }
      wait = Math.max(wait, ownWait);
    }
    ratePaced = wait > 0;
    return wait;
  }

  /** Another lane may hold every reservation of a batch, so this one must look again by itself. */
  private long rateRefused(long lookAgainAt) {
    ratePaced = true;
    wakeAt(lookAgainAt);
    return -1;
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

  /**
   * Gives the next time after {@code now} at which an item falls due; what is due waits for a gate.
   */
  private long nextDue(long now) {
    LaneItem head = reserved.peek();
    long due = head == null ? NEVER : future(head.dueNanos(), now);
    for (FlowQueue flow : rotation) {
      due = Math.min(due, future(flow.nextDue(), now));
    }
    return due;
  }

  private static long future(long nanos, long now) {
    return nanos != NEVER && nanos - now > 0 ? nanos : NEVER;
  }

  private void wakeAt(long nanos) {
    if (nanos == NEVER) {
      return;
    }
    while (true) {
      long planned = nextWake.get();
      if (planned != NEVER && nanos - planned >= 0) {
        return;
      }
      if (nextWake.compareAndSet(planned, nanos)) {
        context.timer().at(nanos, () -> wake(nanos));
        return;
      }
    }
  }

  private void wake(long nanos) {
    nextWake.compareAndSet(nanos, NEVER);
    signal();
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
    holdUntil.accumulateAndGet(until, (before, asked) -> asked - before > 0 ? asked : before);
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
      payloadBytes.addAndGet(-shard.payloadBytes());
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
    follow(rate);
    breaker.override(record.settings().breaker());
    if (!breaker.isOpen()) {
      breakerUntil = Math.min(breakerUntil, clock.nanoTime());
    }
    signal();
  }

  private void follow(@Nullable Rate rate) {
    RatePacer current = pacer;
    if (current == null ? rate == null : current.rate().equals(rate)) {
      return;
    }
    pacer = rate == null ? null : new RatePacer(destination.key(), rate);
    // Reservations were made at the old rate.
    LaneItem item;
    while ((item = reserved.poll()) != null) {
      item.shard().flow().putBack(item);
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
    reserved.removeIf(item -> batchId == null || item.shard().gate().batchId() == batchId);
  }

  /** Another holder has the shard. */
  void lose(Lease lease) {
    ActiveShard shard = shards.get(lease.shardId());
    if (shard != null && shard.lease().equals(lease)) {
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
    return Math.max(holdUntil.get(), breakerUntil);
  }

  /** Gives why it is blocked. */
  String blockReason() {
    return holdUntil.get() - breakerUntil > 0 ? "hold" : "breaker";
  }

  /** Gives what the lane would claim now; null when it has no room. */
  @Nullable ClaimRequest wants(long bytes) {
    busyAt = clock.nanoTime();
    long laneBytes = Math.min(bytes, context.memory().laneShare() - payloadBytes.get());
    if (paused || laneBytes <= 0) {
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
    long now = clock.nanoTime();
    if (now - askedWhileFull < ASK_WHILE_FULL_NANOS) {
      return false;
    }
    askedWhileFull = now;
    return true;
  }

  boolean isIdleSince(long nanos) {
    return isDroppable() && busyAt - nanos < 0;
  }

  /**
   * Tells whether nothing would be lost with the lane: no work, nothing on the wire, no wait to
   * remember.
   */
  boolean isDroppable() {
    return shards.isEmpty() && inFlight.get() == 0 && blockedUntil() - clock.nanoTime() <= 0;
  }

  /** Tells whether the lane could send an item of the batch if its gate let it. */
  boolean couldSend(long batchId) {
    FlowQueue flow = flows.get(batchId);
    long now = clock.nanoTime();
    return flow != null && !paused && blockedUntil() - now <= 0 && flow.hasReady(now);
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
        holdUntil.get() - now > 0 ? clock.instant().plusNanos(holdUntil.get() - now) : null,
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
    long until = "retry".equals(reason) ? flow.nextDue() : blockedUntil();
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
