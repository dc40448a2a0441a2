package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptRequest;
import dev.sluice.attempt.Attempter;
import dev.sluice.model.Attempt;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.Outcome;
import dev.sluice.model.Verdict;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.StoreException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The dispatch core of one process, wired as in production, with events of simulated time in the
 * place of its threads.
 */
final class SimulatedProcess implements Attempter, OutcomeSink {

  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long STORE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long WRITER_RETRY_NANOS = 200 * MILLISECOND;

  /** Has no thread, as nothing is ever given to it. */
  private static final ScheduledThreadPoolExecutor UNUSED = new ScheduledThreadPoolExecutor(1);

  private final SimulatedWorld world;
  private final SimulatedTime time;
  private final Random random;
  private final DispatchProperties properties;
  private final SimulatedTime.Life life = new SimulatedTime.Life();
  private final SimulatedTime.Actor feeding = new SimulatedTime.Actor(life);
  private final SimulatedTime.Actor keeping = new SimulatedTime.Actor(life);
  private final SimulatedTime.Actor writing = new SimulatedTime.Actor(life);
  private final SimulatedTime.Actor loops = new SimulatedTime.Actor(life);
  private final CircuitBreakerRegistry breakers = CircuitBreakerRegistry.ofDefaults();
  private final StoreConnection store;
  private final SimulatedNetwork.Sockets sockets;
  private final SimulatedTime.Actor intending = new SimulatedTime.Actor(life);
  private final OutcomeWriter writer;
  private final IntentWriter intents;
  private final Admission admission;
  private final PayloadMemory memory;
  private final Lanes lanes;
  private final ShardFeeder feeder;
  private final Dispatcher dispatcher;
  private final ProcessLaws laws;
  private boolean feedPlanned;
  private boolean flushPlanned;
  private boolean draining;
  private boolean keeps = true;

  SimulatedProcess(SimulatedWorld world) {
    this.world = world;
    this.time = world.time();
    this.random = world.random();
    this.properties = world.properties();
    this.store = new StoreConnection(world.store(), time, world.faults(), life, this::holdsLock);
    this.sockets = world.network().new Sockets(life, loops, this::ended);
    this.writer = new OutcomeWriter(store, properties, time, DispatchObserver.NONE);
    this.admission =
        new Admission(properties.globalConcurrency(), writer::hasRoom, store::holdsLeases);
    this.intents = new IntentWriter(store, time);
    this.memory = new PayloadMemory(world.memoryBytes());
    LaneContext context =
        new LaneContext(
            properties,
            time,
            (at, task) -> time.at(at, loops, task),
            admission,
            new Settler(time, this, DispatchObserver.NONE),
            memory,
            breakers,
            DispatchObserver.NONE,
            () -> false,
            null,
            Shares.whole(),
            new IntentWindows(
                this::intend, properties.intentWindow(), properties.globalConcurrency()),
            new Isolation(admission, this::intend),
            this::hasWork);
    this.lanes = new Lanes(context, this, store, random);
    this.feeder = new ShardFeeder(store, lanes, memory, this, time, DispatchObserver.NONE);
    Housekeeper housekeeper =
        new Housekeeper(
            store, store, lanes, () -> {}, properties, time, DispatchObserver.NONE, true);
    this.dispatcher =
        new Dispatcher(
            properties,
            time,
            lanes,
            admission,
            feeder,
            writer,
            intents,
            housekeeper,
            DispatchObserver.NONE,
            new Dispatcher.Executors(UNUSED, UNUSED, null));
    this.laws = new ProcessLaws(world, store, properties);
    writer.listen(admission::wakeAll, dispatcher::settled);
    intents.listen(dispatcher::lose);
    poll();
    keepHouse();
  }

  private boolean holdsLock() {
    return Thread.holdsLock(lanes);
  }

  long owner() {
    return store.owner();
  }

  /** Gives the exchanges that are open, or were when it crashed. */
  int openCount() {
    return sockets.openCount();
  }

  /** Tells whether a lease was granted and its reply lost: nobody in the process knows of it. */
  boolean isUnknown(Lease lease) {
    return store.isOwed(lease);
  }

  // What threads do

  private void hasWork() {
    if (!feedPlanned) {
      feedPlanned = true;
      time.in(random.nextLong(2 * MILLISECOND), feeding, this::feed);
    }
  }

  private void poll() {
    time.in(
        (250 + random.nextInt(750)) * MILLISECOND,
        feeding,
        () -> {
          poll();
          feed();
        });
  }

  private void feed() {
    feedPlanned = false;
    if (draining) {
      return;
    }
    long before = store.claimCount();
    try {
      feeder.feed();
    } catch (StoreException e) {
      // The next poll tries again.
      return;
    }
    if (store.claimCount() != before) {
      hasWork();
    }
  }

  private void keepHouse() {
    time.in(
        (150 + random.nextInt(400)) * MILLISECOND,
        keeping,
        () -> {
          if (keeps) {
            keepHouse();
            dispatcher.keepHouse();
          }
        });
  }

  private void planFlush(long delay) {
    if (!flushPlanned) {
      flushPlanned = true;
      time.in(delay, writing, this::flush);
    }
  }

  private void flush() {
    flushPlanned = false;
    boolean taken = writer.step();
    if (writer.unflushedCount() > 0) {
      planFlush(taken ? 0 : WRITER_RETRY_NANOS);
    }
  }

  private void intend(List<Intent> wanted, Consumer<Set<Lease>> committed) {
    intents.intend(wanted, committed);
    time.in(random.nextLong(MILLISECOND), intending, this::commitIntents);
  }

  private void commitIntents() {
    if (!intents.step()) {
      time.in(WRITER_RETRY_NANOS, intending, this::commitIntents);
    }
  }

  // Attempts

  @Override
  public Mono<Verdict> attempt(AttemptRequest request) {
    laws.started(request, time.nanoTime());
    world.sends(this);
    if (world.item(request.idempotencyKey()).shard().crashes >= ShardQueue.ISOLATED_FROM) {
      lookUntilItIsOutlived();
    }
    time.in(
        laws.timeout(request).toNanos() + random.nextLong(properties.tick().toNanos()),
        loops,
        this::tickLanes);
    return sockets.attempt(request);
  }

  /** Often enough to see when its request is written. */
  private void lookUntilItIsOutlived() {
    long every = Isolation.TO_BLAME_NANOS / 4;
    for (long at = every; at <= Isolation.TO_BLAME_UNSENT_NANOS; at += every) {
      time.in(at + random.nextLong(properties.tick().toNanos()), loops, this::tickLanes);
    }
  }

  private void ended(AttemptRequest request, Verdict verdict) {
    laws.ended(request, verdict, time.nanoTime());
  }

  private void tickLanes() {
    dispatcher.tickLanes();
    sockets.endCut();
  }

  @Override
  public void add(Lease lease, Outcome outcome) {
    if (world.is(Mutation.DROP_AN_OUTCOME) && random.nextInt(100) == 0) {
      return;
    }
    writer.add(lease, outcome);
    planFlush(random.nextLong(properties.flushInterval().toNanos()));
  }

  @Override
  public void add(Lease lease, Attempt attempt) {
    laws.tried(lease, attempt);
    if (world.is(Mutation.DROP_ATTEMPTS)) {
      return;
    }
    writer.add(lease, attempt);
    planFlush(random.nextLong(properties.flushInterval().toNanos()));
  }

  @Override
  public void outlived(Intent intent) {
    writer.outlived(intent);
    planFlush(random.nextLong(properties.flushInterval().toNanos()));
  }

  @Override
  public void giveBack(Lease lease, @Nullable Instant notBefore) {
    if (world.is(Mutation.GIVE_BACK_FIRST)) {
      world.store().giveBack(owner(), List.of(new GivenBack(lease, notBefore)));
      return;
    }
    writer.giveBack(lease, notBefore);
    planFlush(0);
  }

  @Override
  public void whenStored(Runnable task) {
    writer.whenStored(task);
    planFlush(0);
  }

  // The end

  /** It is no longer there, and nobody inside noticed. */
  void crash() {
    life.end();
    // Resilience4j plans the end of a half-open state on a thread of its own.
    breakers.getAllCircuitBreakers().forEach(CircuitBreaker::transitionToDisabledState);
  }

  boolean isOver() {
    return life.isOver();
  }

  /** Stops all its threads for a while. */
  void stop(long nanos) {
    life.stopUntil(time.nanoTime() + nanos);
  }

  /** Another process has its leases now. */
  void superseded() {
    laws.superseded();
  }

  /** Ends it as {@link Dispatcher#stop} does; {@code ended} is told whether all was stored. */
  void drain(Drained ended) {
    draining = true;
    admission.close();
    try {
      feeder.stop(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException("Nobody interrupts the simulation", e);
    }
    awaitFeeder(time.nanoTime() + STORE_NANOS, ended);
  }

  private void awaitFeeder(long deadline, Drained ended) {
    if (feeding.isBusy() && time.nanoTime() - deadline < 0) {
      time.in(5 * MILLISECOND, keeping, () -> awaitFeeder(deadline, ended));
    } else {
      awaitIntents(ended);
    }
  }

  private void awaitIntents(Drained ended) {
    if (intending.isBusy()) {
      time.in(5 * MILLISECOND, keeping, () -> awaitIntents(ended));
      return;
    }
    try {
      intents.stop(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException("Nobody interrupts the simulation", e);
    }
    lanes.all().forEach(lane -> lane.release(null));
    awaitRunning(time.nanoTime() + properties.drain().toNanos(), ended);
  }

  /** Takes the end of a drain. */
  interface Drained {
    void ended(SimulatedProcess process, boolean allStored);
  }

  private void awaitRunning(long deadline, Drained ended) {
    int running = admission.inFlight();
    if (running > 0 && time.nanoTime() - deadline < 0) {
      time.in(5 * MILLISECOND, keeping, () -> awaitRunning(deadline, ended));
      return;
    }
    if (running > 0) {
      lanes.all().forEach(Lane::cutAll);
      sockets.endCut();
    }
    keeps = false;
    lanes.all().forEach(lane -> lane.release(null));
    try {
      writer.stop(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException("Nobody interrupts the simulation", e);
    }
    awaitStored(time.nanoTime() + STORE_NANOS, ended);
  }

  private void awaitStored(long deadline, Drained ended) {
    boolean stored = writer.unflushedCount() == 0;
    if (!stored && time.nanoTime() - deadline < 0) {
      planFlush(0);
      time.in(5 * MILLISECOND, keeping, () -> awaitStored(deadline, ended));
      return;
    }
    crash();
    ended.ended(this, stored);
  }

  /** Tells what it is doing. */
  String describe() {
    StringBuilder doing = new StringBuilder();
    doing.append("places taken: ").append(admission.inFlight());
    doing.append(", unflushed: ").append(writer.unflushedCount());
    for (Lane lane : lanes.all()) {
      doing.append("; ").append(lane.snapshot()).append(lane.flowSnapshots(1));
    }
    return doing.toString();
  }

  /** Checks that a process without work holds nothing. */
  void checkIdle() {
    world.require(sockets.openCount() == 0, "exchanges are open: " + sockets.openCount());
    world.require(admission.inFlight() == 0, "places are taken: " + admission.inFlight());
    world.require(writer.unflushedCount() == 0, "entries unflushed: " + writer.unflushedCount());
    world.require(memory.room() == world.memoryBytes(), "memory is taken: " + memory.room());
    for (Lane lane : lanes.all()) {
      var now = lane.snapshot();
      world.require(lane.isEmpty() && now.inFlight() == 0, "a lane holds shards: " + now);
      world.require(now.backlogCount() == 0, "a lane holds items: " + now);
      for (var flow : lane.flowSnapshots(1)) {
        world.require(flow.inFlight() == 0, "a flow has items in flight: " + flow);
      }
      lanes.gates().forEach(gate -> checkPlaces(gate, lane));
    }
  }

  private void checkPlaces(BatchGate gate, Lane lane) {
    Integer limit = gate.terms().options().concurrency();
    if (limit == null || !gate.isOpen()) {
      return;
    }
    int free = 0;
    while (free < limit && gate.tryEnter(lane)) {
      free++;
    }
    for (int i = 0; i < free; i++) {
      gate.exit();
    }
    world.require(free == limit, "places of a batch are taken: " + (limit - free));
  }
}
