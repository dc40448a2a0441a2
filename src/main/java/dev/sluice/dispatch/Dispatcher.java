package dev.sluice.dispatch;

import dev.sluice.model.DispatchLoad;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.LaneBoard;
import dev.sluice.store.ShardQueue.Halt;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.SettleReport;
import dev.sluice.store.StoreException;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * The life of dispatch: starts the threads, ticks, and at shutdown drains: no new attempts, running
 * ones get their time, the rest is cut, everything is stored, leases are given back.
 */
final class Dispatcher implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);
  private static final long HOUSEKEEPING_MILLIS = 200;
  private static final long STORE_MILLIS = 5_000;

  /** What was cut ends on its event loop. */
  private static final long CUT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final DispatchProperties properties;
  private final ProcessClock clock;
  private final Lanes lanes;
  private final Admission admission;
  private final ShardFeeder feeder;
  private final OutcomeWriter writer;
  private final IntentWriter intents;
  private final Housekeeper housekeeper;
  private final DispatchObserver observer;
  private final ScheduledExecutorService ticker;
  private final ScheduledExecutorService keeper;
  private final @Nullable ShareBeat shares;
  private final StoreTrouble trouble;
  private volatile boolean running;

  Dispatcher(
      DispatchProperties properties,
      ProcessClock clock,
      Lanes lanes,
      Admission admission,
      ShardFeeder feeder,
      OutcomeWriter writer,
      IntentWriter intents,
      Housekeeper housekeeper,
      DispatchObserver observer,
      Executors executors) {
    this.properties = properties;
    this.clock = clock;
    this.lanes = lanes;
    this.admission = admission;
    this.feeder = feeder;
    this.writer = writer;
    this.intents = intents;
    this.housekeeper = housekeeper;
    this.observer = observer;
    this.ticker = executors.ticker();
    this.keeper = executors.keeper();
    this.shares = executors.shares();
    this.trouble = new StoreTrouble(log, clock, "Housekeeping failed; it will be tried again.");
  }

  /**
   * The scheduled threads of dispatch.
   *
   * @param ticker wakes lanes and cuts overdue attempts; nothing on it may block
   * @param keeper follows and tidies; talks to the store
   * @param shares renews shares of limits, where replicas share them
   */
  record Executors(
      ScheduledExecutorService ticker,
      ScheduledExecutorService keeper,
      @Nullable ShareBeat shares) {}

  @Override
  public void start() {
    running = true;
    writer.start(admission::wakeAll, this::settled);
    intents.start(this::lose);
    housekeeper.begin();
    feeder.start();
    if (shares != null) {
      shares.start();
    }
    long tick = properties.tick().toMillis();
    var _ = ticker.scheduleWithFixedDelay(this::tickLanes, tick, tick, TimeUnit.MILLISECONDS);
    var _ =
        keeper.scheduleWithFixedDelay(
            this::keepHouse, HOUSEKEEPING_MILLIS, HOUSEKEEPING_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * Cuts attempts past their deadline, tells which were outlived, and wakes who waits for leases.
   */
  void tickLanes() {
    long now = clock.nanoTime();
    try {
      admission.tick(now);
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("Waking lanes failed, indicates a bug.");
    }
    for (Lane lane : lanes.all()) {
      try {
        lane.tick(now);
      } catch (RuntimeException e) {
        // A periodic task that throws never runs again, and deadlines would end with it.
        log.atError()
            .addKeyValue("destination", lane.destination().key())
            .setCause(e)
            .log("Looking at running attempts failed, indicates a bug.");
      }
    }
  }

  /** One round of what follows from control calls and from time. */
  void keepHouse() {
    try {
      housekeeper.tick();
    } catch (StoreException e) {
      trouble.met(e);
    } catch (RuntimeException e) {
      log.atError()
          .setCause(e)
          .log("Housekeeping failed, indicates a bug; it will be tried again.");
    }
  }

  /** Follows what a commit of outcomes did. */
  void settled(SettleReport report) {
    report.fenced().forEach(this::lose);
    for (Halt halt : report.halted()) {
      BatchGate gate = lanes.gate(halt.batch().id());
      if (gate != null) {
        gate.halt();
      }
    }
    try {
      housekeeper.finish(report.drainedBatches());
    } catch (StoreException e) {
      log.atWarn().setCause(e).log("A drained batch could not be completed; housekeeping will.");
    }
  }

  void lose(Lease lease) {
    Lane lane = lanes.lane(lease.destinationId());
    if (lane != null) {
      lane.lose(lease);
    }
  }

  @Override
  public void stop() {
    if (!running) {
      return;
    }
    log.atInfo().addKeyValue("inFlight", admission.inFlight()).log("Draining.");
    admission.close();
    if (shares != null) {
      shares.drain();
    }
    try {
      feeder.stop(STORE_MILLIS);
      // As nothing begins any more: what waits for its intent leaves its places.
      intents.stop(STORE_MILLIS);
      // Others go on with what is not on the wire; what is follows when its exchanges end.
      releaseAll();
      awaitRunning();
      if (shares != null) {
        shares.stop(STORE_MILLIS);
      }
      keeper.shutdown();
      boolean _ = keeper.awaitTermination(STORE_MILLIS, TimeUnit.MILLISECONDS);
      releaseAll();
      writer.stop(STORE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.atWarn().log("Interrupted while draining; a restart continues where the store stands.");
    }
    ticker.shutdownNow();
    lanes.gates().forEach(BatchGate::left);
    running = false;
    log.atInfo().addKeyValue("unstored", writer.unflushedCount()).log("Drained.");
  }

  private void releaseAll() {
    for (Lane lane : lanes.all()) {
      lane.release(null);
    }
  }

  private void awaitRunning() {
    awaitRunning(properties.drain().toNanos());
    int left = admission.inFlight();
    if (left > 0) {
      log.atWarn()
          .addKeyValue("exchanges", left)
          .log(
              "Exchanges did not end within the drain and are cut; their items may be sent again.");
      observer.drainCut(left);
      for (Lane lane : lanes.all()) {
        lane.cutAll();
      }
      // What they tell of themselves keeps their shards' leases from counting as a crash.
      awaitRunning(CUT_NANOS);
    }
  }

  private void awaitRunning(long nanos) {
    long deadline = clock.nanoTime() + nanos;
    while (admission.inFlight() > 0 && clock.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** Stops first and starts last: everything it uses is up around it. */
  @Override
  public int getPhase() {
    return Integer.MAX_VALUE - 100;
  }

  /** Gives what is held in memory. */
  DispatchLoad.Counts load() {
    return new DispatchLoad.Counts(writer.unflushedCount(), feeder.payloadBytes());
  }

  /** Gives what every lane is doing now. */
  List<LaneBoard.Lane> board() {
    return lanes.all().stream()
        .map(lane -> new LaneBoard.Lane(lane.destination(), lane.snapshot()))
        .toList();
  }
}
