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
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.Lease;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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

  private static final long NEVER = WakeUps.NEVER;
  private static final long ASK_BREAKER_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final int FAIL_FAST_AT_ONCE = 100;
  private static final long FAIL_FAST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final long destinationId;
  private final Destination destination;
  private final LaneContext context;
  private final ProcessClock clock;
  private final DestinationBreaker breaker;
  private final LoopStarts starts = new LoopStarts(this);
  private final LaneStatistics statistics = new LaneStatistics();
  private final LaneStock stock;
  private final RateGate rates;
  private final RetryBudget retryBudget = new RetryBudget();
  private final Set<LaneLoop> loops = ConcurrentHashMap.newKeySet();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger turn = new AtomicInteger();
  private final WakeUps wakeUps;
  private final AtomicBoolean waitingForAdmission = new AtomicBoolean();

  /** Set while a loop was refused because others ran that may have been ending. */
  private final AtomicBoolean overLimit = new AtomicBoolean();

  private final AtomicLong holdUntil;

  private final LaneLimits limits;
  private volatile @Nullable DestinationSettings settings;
  private volatile boolean paused;
  private volatile long busyAt;

  Lane(DestinationRecord record, LaneContext context, Attempter attempter, LaneLimits limits) {
    this.destinationId = record.id();
    this.destination = record.destination();
    this.context = context;
    this.clock = context.clock();
    this.wakeUps = new WakeUps(context.timer(), this::signal);
    this.stock = new LaneStock(destinationId, context);
    this.rates = new RateGate(destination.key(), wakeUps, context.globalPacer());
    this.limits = limits;
    this.breaker =
        new DestinationBreaker(
            destination.key(),
            context.breakers(),
            context.properties().breaker(),
            clock,
            limits::recovered);
    long now = clock.nanoTime();
    this.holdUntil = new AtomicLong(now);
    this.busyAt = now;
    reopenBreaker(record);
    follow(record);
    starts
        .flatMap(lane -> new LaneLoop(lane, attempter), context.properties().ceiling(), 1)
        .subscribe();
  }

  /** A breaker that was open when its lane or its process ended still is. */
  private void reopenBreaker(DestinationRecord record) {
    Instant until = record.parkedUntil();
    Instant now = clock.instant();
    if (until != null && until.isAfter(now) && "breaker".equals(record.parkReason())) {
      breaker.reopen(Duration.between(now, until));
    }
  }

  // Arrival

  /** Adds claimed work. */
  void add(ClaimedShard claimed, ShardDecoder decoder, BatchGate gate) {
    busyAt = clock.nanoTime();
    stock.add(claimed, decoder, gate);
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
    if (left < limits.current() && overLimit.compareAndSet(true, false)) {
      signal();
    }
  }

  /**
   * Takes the next item that every gate lets go now, with all its places taken; null when there is
   * none.
   */
  @Nullable LaneItem take() {
    long now = clock.nanoTime();
    long blockedUntil = blockedUntil(now);
    if (paused || isOverLimit() || blockedUntil - now > 0) {
      // It may have been woken for a place that another lane waits for.
      context.admission().passOn();
      if (!paused && blockedUntil - now > 0) {
        wakeUps.at(blockedUntil);
        failFast(now);
      }
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
      wakeUps.at(nextDue(now));
      failFast(now);
    }
    return item;
  }

  /** While the breaker is open, ends the items of batches that do not want to wait for it. */
  private void failFast(long now) {
    if (!isBroken(now) || !breaker.isOpen()) {
      return;
    }
    for (FlowQueue flow : stock.flows()) {
      if (flow.gate().failsFast()) {
        failFast(flow, now);
      }
    }
  }

  private void failFast(FlowQueue flow, long now) {
    for (int i = 0; i < FAIL_FAST_AT_ONCE; i++) {
      // Its place is what bounds the outcomes that are not on disk yet.
      if (!flow.gate().isOpen() || !context.admission().tryEnter(this)) {
        wakeUps.at(future(flow.nextDue(), now));
        return;
      }
      LaneItem item = flow.poll(now, true);
      if (item == null) {
        context.admission().exit();
        wakeUps.at(future(flow.nextDue(), now));
        return;
      }
      context.settler().failFast(item);
      stock.ended(item.shard());
      context.admission().exit();
    }
    // Others need room for their outcomes too.
    wakeUps.at(now + FAIL_FAST_PAUSE_NANOS);
  }

  /**
   * Tells whether another loop could help; at the ceiling the {@code flatMap} holds its start back.
   */
  boolean mayGrow() {
    int most = limits.current();
    return most >= context.properties().ceiling() || running.get() < most;
  }

  /** The ceiling is the {@code flatMap}'s; only a limit below it needs this gate. */
  private boolean isOverLimit() {
    int most = limits.current();
    if (most >= context.properties().ceiling() || running.get() <= most) {
      return false;
    }
    // The loops that make it too many may be ending: the last of them to end looks again.
    overLimit.set(true);
    return running.get() > most;
  }

  private @Nullable LaneItem takeReserved(long now) {
    LaneItem item;
    while ((item = rates.poll(now)) != null) {
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

  /**
   * First tries go first once retries have used up their share, also those that the feeder is about
   * to bring; nothing goes instead of a retry.
   */
  private @Nullable LaneItem choose(long now) {
    LaneItem item = choose(now, true);
    if (item != null || isBroken(now) || !isRetryDue(now)) {
      return item;
    }
    long refillUntil = stock.refillUntil(now);
    if (refillUntil - now > 0) {
      wakeUps.at(refillUntil);
      return null;
    }
    return choose(now, false);
  }

  private boolean isRetryDue(long now) {
    for (FlowQueue flow : stock.flows()) {
      if (flow.isRetryDue(now)) {
        return true;
      }
    }
    return false;
  }

  private @Nullable LaneItem choose(long now, boolean withinBudget) {
    FlowQueue[] all = stock.flows();
    int first = all.length < 2 ? 0 : Math.floorMod(turn.getAndIncrement(), all.length);
    for (int i = 0; i < all.length; i++) {
      FlowQueue flow = all[(first + i) % all.length];
      if (flow.hasReady(now)) {
        LaneItem item = chooseFrom(flow, now, withinBudget);
        if (item != null || isBroken(now)) {
          return item;
        }
      }
    }
    return null;
  }

  /** Takes an item of one flow; while a rate is the only gate shut, reserves ahead instead. */
  private @Nullable LaneItem chooseFrom(FlowQueue flow, long now, boolean withinBudget) {
    BatchGate gate = flow.gate();
    while (gate.tryEnter(this)) {
      boolean spent =
          withinBudget && flow.isRetryDue(now) && retryBudget.trySpend(gate.retryBudget());
      LaneItem item = flow.poll(now, spent || !withinBudget);
      if (spent && (item == null || !item.isRetry())) {
        retryBudget.refund(gate.retryBudget());
      }
      if (item == null) {
        gate.exit();
        return null;
      }
      if (!mayPassBreaker(now)) {
        gate.exit();
        putBack(item);
        return null;
      }
      long wait = rates.reserve(item, now);
      if (wait >= 0 && !item.isRetry()) {
        retryBudget.earn();
      }
      if (wait == 0) {
        return item;
      }
      breaker.release(now);
      gate.exit();
      if (wait < 0) {
        putBack(item);
        return null;
      }
      leave(item);
      rates.keep(item, now + wait);
    }
    return null;
  }

  private boolean mayPassBreaker(long now) {
    if (breaker.tryAcquire(now)) {
      return true;
    }
    wakeUps.at(Math.max(breaker.refusesUntil(now), now + ASK_BREAKER_NANOS));
    return false;
  }

  private boolean isBroken(long now) {
    return breaker.refusesUntil(now) - now > 0;
  }

  private void putBack(LaneItem item) {
    item.shard().flow().putBack(item);
    leave(item);
  }

  /** Counts an item out of its shard without an outcome. */
  private void leave(LaneItem item) {
    stock.left(item.shard());
  }

  /**
   * Gives the next time after {@code now} at which an item falls due; what is due waits for a gate.
   */
  private long nextDue(long now) {
    long due = future(rates.nextDue(), now);
    for (FlowQueue flow : stock.flows()) {
      due = Math.min(due, future(flow.nextDue(), now));
    }
    return due;
  }

  private static long future(long nanos, long now) {
    return nanos != NEVER && nanos - now > 0 ? nanos : NEVER;
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

  /** Takes the verdict of an item that was being sent; frees its places, whatever happens. */
  void ended(LaneItem item, Verdict verdict, long startedNanos) {
    long now = clock.nanoTime();
    long nanos = now - startedNanos;
    try {
      learn(item, verdict, startedNanos, now);
      context.settler().settle(destination, item, verdict, startedNanos, nanos);
    } finally {
      item.shard().gate().exit();
      stock.ended(item.shard());
      context.admission().exit();
    }
  }

  private void learn(LaneItem item, Verdict verdict, long startedNanos, long now) {
    long nanos = now - startedNanos;
    int concurrent = inFlight.getAndDecrement();
    item.shard().flow().ended();
    breaker.record(verdict, nanos);
    limits.ended(verdict, startedNanos, now, concurrent);
    statistics.ended(verdict);
    context.observer().attemptEnded(destination, verdict, nanos);
    Duration wait = verdict.retryAfter();
    if (wait != null) {
      hold(now, wait);
    }
  }

  private void hold(long now, Duration wait) {
    long until = now + wait.toNanos();
    holdUntil.accumulateAndGet(until, (before, asked) -> asked - before > 0 ? asked : before);
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
    limits.follow(record.settings().concurrency());
    var rate = record.settings().rate() != null ? record.settings().rate() : context.defaultRate();
    rates.follow(rate, clock.nanoTime());
    breaker.override(record.settings().breaker());
    signal();
  }

  /** Looks again at what may go: a batch of it goes by other options now. */
  void reconsider() {
    rates.returnStale(clock.nanoTime());
    signal();
  }

  /** Gives back what is not in flight of every shard, or of one batch. */
  void release(@Nullable Long batchId) {
    stock.release(batchId);
    rates.drop(batchId, clock.nanoTime());
  }

  /** Another holder has the shard. */
  void lose(Lease lease) {
    stock.lose(lease);
  }

  /** Drops flows that have nothing left. */
  void tidy() {
    stock.tidy();
  }

  /** Gives what the lane would claim now; null when it has no room. */
  @Nullable ClaimRequest wants(long bytes) {
    busyAt = clock.nanoTime();
    return paused ? null : stock.wants(bytes);
  }

  /** Cuts attempts past their deadline. */
  void cutOverdue(long now) {
    loops.forEach(loop -> loop.cutOverdue(now));
  }

  /** Cuts every attempt. */
  void cutAll() {
    loops.forEach(LaneLoop::cut);
  }

  /**
   * Gives process nanos until which nothing will be sent because of the destination, if that is
   * ahead.
   */
  long blockedUntil() {
    return blockedUntil(clock.nanoTime());
  }

  private long blockedUntil(long now) {
    long held = holdUntil.get();
    long broken = breaker.refusesUntil(now);
    return held - broken > 0 ? held : broken;
  }

  /** Gives why it is blocked. */
  String blockReason() {
    return holdUntil.get() - breaker.refusesUntil(clock.nanoTime()) > 0 ? "hold" : "breaker";
  }

  /** Gives the limit to begin with when the lane comes back. */
  int lastGoodLimit() {
    return limits.lastGood();
  }

  /** Gives how long ago the lane last had or asked for work. */
  long idleNanos(long now) {
    return now - busyAt;
  }

  boolean isIdleSince(long nanos) {
    return isDroppable() && busyAt - nanos < 0;
  }

  /**
   * Tells whether nothing would be lost with the lane: no work, nothing on the wire, no wait to
   * remember.
   */
  boolean isDroppable() {
    return stock.isEmpty() && inFlight.get() == 0 && blockedUntil() - clock.nanoTime() <= 0;
  }

  /** Tells whether the lane could send an item of the batch if its gate let it. */
  boolean couldSend(long batchId) {
    FlowQueue flow = stock.flow(batchId);
    long now = clock.nanoTime();
    return flow != null
        && !paused
        && blockedUntil() - now <= 0
        && running.get() < limits.current()
        && flow.hasReady(now);
  }

  boolean isEmpty() {
    return stock.isEmpty();
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
    return stock.batchIds();
  }

  // Snapshots

  /** Closes a statistics period of {@code nanos}. */
  void roll(long nanos) {
    statistics.roll(nanos);
  }

  LaneSnapshot snapshot() {
    long now = clock.nanoTime();
    int backlog = rates.keptCount();
    for (FlowQueue flow : stock.flows()) {
      backlog += flow.backlogCount();
    }
    return new LaneSnapshot(
        destinationId,
        inFlight.get(),
        backlog,
        limits.current(),
        breaker.state(),
        holdUntil.get() - now > 0 ? clock.instant().plusNanos(holdUntil.get() - now) : null,
        statistics.ratePerSecond(),
        statistics.successRatio());
  }

  /** Gives what each flow is doing; {@code nanos} is the time since the last call. */
  List<FlowSnapshot> flowSnapshots(long nanos) {
    long now = clock.nanoTime();
    return Arrays.stream(stock.flows()).map(flow -> snapshot(flow, now, nanos)).toList();
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
      return flow.awaitsCanary() ? "canary" : "retry";
    }
    if (rates.isShut()) {
      return "rate";
    }
    if (flow.gate().isFull()) {
      return "concurrency";
    }
    if (waitsForBudget(flow)) {
      return "retry_budget";
    }
    return inFlight.get() >= limits.current() ? "concurrency" : null;
  }

  private boolean waitsForBudget(FlowQueue flow) {
    return !flow.hasFirstTries()
        && retryBudget.isSpent(flow.gate().retryBudget())
        && Arrays.stream(stock.flows()).anyMatch(FlowQueue::hasFirstTries);
  }
}
