package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptRequest;
import dev.sluice.attempt.Attempter;
import dev.sluice.attempt.Cutter;
import dev.sluice.model.Destination;
import dev.sluice.model.DispatchTracer.AttemptTrace;
import dev.sluice.model.DispatchTracer.BatchTrace;
import dev.sluice.model.Item;
import dev.sluice.model.Origin;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Verdict;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.LaneSnapshot;
import dev.sluice.store.LimitKey.Kind;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.Lease;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * All that one destination has at run time: its flows, its limits, its loops. An item goes when
 * every gate allows it; what must wait holds no place anywhere. Nothing here blocks; any thread may
 * signal, loops run on event loops.
 */
final class Lane implements SharedLimit.Load {

  private final long destinationId;
  private final Destination destination;
  private final LaneContext context;
  private final ProcessClock clock;
  private final DestinationGate gate;
  private final LoopStarts starts = new LoopStarts(this);
  private final LaneStatistics statistics = new LaneStatistics();
  private final LaneStock stock;
  private final RateGate rates;
  private final ItemChooser chooser;
  private final FailFast failFast;
  private final Set<LaneLoop> loops = ConcurrentHashMap.newKeySet();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final WakeUps wakeUps;
  private final AtomicBoolean waitingForAdmission = new AtomicBoolean();

  /** Set while a loop was refused because others ran that may have been ending. */
  private final AtomicBoolean overLimit = new AtomicBoolean();

  private final LaneLimits limits;
  private volatile @Nullable DestinationSettings settings;
  private volatile long busyAt;

  Lane(DestinationRecord record, LaneContext context, Attempter attempter, LaneLimits limits) {
    this.destinationId = record.id();
    this.destination = record.destination();
    this.context = context;
    this.clock = context.clock();
    this.wakeUps = new WakeUps(context.timer(), this::signal);
    this.stock = new LaneStock(destinationId, context, this::signal);
    String id = Long.toString(destinationId);
    this.rates =
        new RateGate(
            destination.key(),
            wakeUps,
            context.globalPacer(),
            context.shares().rate(Kind.DESTINATION_RATE, id));
    this.limits = limits;
    limits.join(context.shares().places(Kind.DESTINATION_CONCURRENCY, id));
    this.gate = new DestinationGate(record, context, limits::recovered);
    this.chooser = new ItemChooser(this, stock, gate, rates, wakeUps);
    this.failFast = new FailFast(this, stock, context, wakeUps);
    this.busyAt = clock.nanoTime();
    follow(record);
    starts
        .flatMap(lane -> new LaneLoop(lane, attempter), context.properties().ceiling(), 1)
        .subscribe();
  }

  // Arrival

  /** Adds claimed work. */
  void add(ClaimedShard claimed, BatchGate batch) {
    busyAt = clock.nanoTime();
    stock.add(claimed, batch);
    RatePacer tenant = batch.tenantPacer();
    context
        .shares()
        .wake(
            rates.share(),
            limits.share(),
            batch.shares().rate(),
            batch.shares().places(),
            tenant == null ? null : tenant.share());
    signal();
  }

  /** Makes a loop look whether something is sendable. */
  void signal() {
    starts.ask();
  }

  // Loops

  void loopBegan(LaneLoop loop) {
    loops.add(loop);
    limits.began(running.incrementAndGet());
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
    long blockedUntil = gate.blockedUntil(now);
    boolean blocked = blockedUntil - now > 0;
    if (gate.isPaused() || blocked || isOverLimit()) {
      // It may have been woken for a place that another lane waits for.
      context.admission().passOn(now);
      stock.passOn();
      if (!gate.isPaused() && blocked) {
        wakeUps.at(blockedUntil);
        endFast(now);
      }
      return null;
    }
    if (!context.admission().tryEnter(this, now)) {
      return null;
    }
    LaneItem item = chooser.next(now);
    if (item == null) {
      context.admission().exit();
      stock.passOn();
      endFast(now);
    }
    return item;
  }

  private void endFast(long now) {
    if (gate.failsFast(now)) {
      failFast.run(now);
    }
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

  // The attempt

  /** Begins the span of an attempt; null unless it is sampled. */
  @Nullable AttemptTrace traced(LaneItem item) {
    BatchTrace batch = item.shard().gate().trace();
    return batch == null
        ? null
        : batch.attemptBegan(destination, item.index(), item.attempts() + 1);
  }

  /** Says that an item taken is being sent; gives what to send. */
  AttemptRequest started(LaneItem item, Cutter cutter, @Nullable AttemptTrace trace) {
    inFlight.incrementAndGet();
    item.shard().flow().started();
    context.observer().attemptStarted(destination);
    Item content = item.shard().item(item.ordinal());
    BatchGate batch = item.shard().gate();
    Origin origin = content.origin();
    String key =
        origin == null
            ? batch.terms().batch().publicId() + '-' + item.index()
            : origin.batchId() + '-' + origin.index();
    return new AttemptRequest(
        destination,
        content.request(),
        item.attempts() + 1,
        key,
        batch.attemptTerms(),
        cutter,
        trace == null ? null : trace.traceparent());
  }

  /**
   * Tells whether nobody stopped an item, or the process, that has all its places and had to wait
   * for its intent: the leases may have run out meanwhile.
   */
  boolean mayStillStart(LaneItem item) {
    long now = clock.nanoTime();
    return context.admission().isOpen(now)
        && item.shard().gate().isOpen()
        && !gate.isPaused()
        && gate.heldUntil(now) == null;
  }

  /**
   * Says that an item taken, which may be intended, is not sent after all: another holder has its
   * shard, or somebody stopped it.
   */
  void notStarted(LaneItem item) {
    gate.release(clock.nanoTime());
    item.shard().gate().exit();
    stock.leftIntended(item.shard());
    context.admission().exit();
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
    gate.ended(verdict, nanos, now);
    limits.ended(verdict, startedNanos, now, concurrent);
    statistics.ended(verdict);
    context.observer().attemptEnded(destination, verdict, nanos);
  }

  // Control and housekeeping

  /** Follows what an operator wants of the destination, and what other replicas found out. */
  void follow(DestinationRecord record) {
    if (gate.followParking(record)) {
      signal();
    }
    boolean pausedNow = record.paused() != null;
    if (pausedNow == gate.isPaused() && record.settings().equals(settings)) {
      return;
    }
    settings = record.settings();
    gate.follow(record);
    limits.follow(record.settings().concurrency());
    var rate = record.settings().rate() != null ? record.settings().rate() : context.defaultRate();
    rates.follow(rate, clock.nanoTime());
    context.shares().wake(rates.share(), limits.share());
    signal();
  }

  /** Looks again at what may go: a batch of it goes by other options now. */
  void reconsider() {
    rates.returnStale(clock.nanoTime());
    for (FlowQueue flow : stock.flows()) {
      BatchShares shares = flow.gate().shares();
      context.shares().wake(shares.rate(), shares.places());
    }
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
    return gate.isPaused() ? null : stock.wants(bytes);
  }

  /** The process has outlived the sending of an item that runs alone. */
  void outlived(LaneItem item, Isolation.Stay stay) {
    context.settler().outlived(item, stay);
  }

  /** Cuts attempts past their deadline, and tells which were outlived. */
  void tick(long now) {
    loops.forEach(loop -> loop.tick(now));
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
    return gate.blockedUntil(clock.nanoTime());
  }

  /** Gives why it is blocked. */
  String blockReason() {
    return gate.blockReason(clock.nanoTime());
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
        && !gate.isPaused()
        && gate.blockedUntil(now) - now <= 0
        && running.get() < limits.current()
        && flow.hasReady(now);
  }

  boolean isEmpty() {
    return stock.isEmpty();
  }

  boolean isPaused() {
    return gate.isPaused();
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

  // Shares of limits

  @Override
  public int waiting() {
    int count = rates.keptCount();
    for (FlowQueue flow : stock.flows()) {
      count += flow.backlogCount();
    }
    return count;
  }

  /** Gives the items of one batch that are not in flight. */
  int waiting(long batchId) {
    FlowQueue flow = stock.flow(batchId);
    return flow == null ? 0 : flow.backlogCount() + rates.keptCount(batchId);
  }

  @Override
  public int inUse() {
    return running.get();
  }

  @Override
  public void wake() {
    signal();
  }

  /** Tells of its own limits that all replicas keep together. */
  void sharedLimits(BiConsumer<SharedLimit, SharedLimit.Load> limit) {
    RateShare rate = rates.share();
    PlaceShare places = limits.share();
    if (rate != null && places != null) {
      limit.accept(rate, this);
      limit.accept(places, this);
    }
  }

  // Snapshots

  /** Closes a statistics period of {@code nanos}. */
  void roll(long nanos) {
    statistics.roll(nanos);
  }

  LaneSnapshot snapshot() {
    long now = clock.nanoTime();
    return new LaneSnapshot(
        destinationId,
        inFlight.get(),
        waiting(),
        limits.current(),
        gate.breakerState(),
        gate.heldUntil(now),
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
    long until = "retry".equals(reason) ? flow.nextDue() : gate.blockedUntil(now);
    return new FlowSnapshot(
        flow.gate().batchId(),
        destinationId,
        flow.inFlight(),
        reason,
        waiting,
        reason != null && until != WakeUps.NEVER && until - now > 0
            ? clock.instant().plusNanos(until - now)
            : null,
        flow.takeEnded() * 1e9 / Math.max(1, nanos));
  }

  private @Nullable String waitingOn(FlowQueue flow, long now) {
    if (gate.isPaused()) {
      return "paused";
    }
    if (gate.blockedUntil(now) - now > 0) {
      return gate.blockReason(now);
    }
    if (!flow.hasReady(now)) {
      return flow.awaitsCanary() ? "canary" : flow.awaitsIntents() ? null : "retry";
    }
    if (rates.isShut()) {
      return "rate";
    }
    if (flow.gate().isFull()) {
      return "concurrency";
    }
    if (chooser.waitsForBudget(flow)) {
      return "retry_budget";
    }
    return inFlight.get() >= limits.current() ? "concurrency" : null;
  }
}
