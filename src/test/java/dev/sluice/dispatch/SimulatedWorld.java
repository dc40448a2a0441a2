package dev.sluice.dispatch;

import dev.sluice.model.Destination;
import dev.sluice.model.StateReason;
import dev.sluice.store.DestinationRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One run: what is to be sent, who sends it, what goes wrong and when, all drawn from a seed. */
final class SimulatedWorld {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long PATIENCE = 15 * 60 * SECOND;
  private static final int MOST_EVENTS = 300_000;

  /** Every eighth world ends processes so soon that shards run alone and items are suspects. */
  private static final int HARSH = 5;

  /** What to do with a line of the trace. */
  interface Trace {
    void line(String line);
  }

  /** An item and where the store keeps it. */
  record SentItem(StoredShard shard, long index) {}

  private final @Nullable Mutation mutation;
  private final @Nullable Trace trace;
  private final Random random;
  private final SimulatedTime time;
  private final SimulatedTime.Actor fate = new SimulatedTime.Actor(new SimulatedTime.Life());
  private final SimulatedStore store;
  private final StoreFaults faults;
  private final SimulatedNetwork network;
  private final DispatchProperties properties;
  private final long memoryBytes;
  private final long calmAt;
  private final boolean harsh;
  private long lastSender;
  private final Map<String, SentItem> items = new HashMap<>();
  private final SimulationChecks checks;
  private final List<SimulatedProcess> zombies = new ArrayList<>();
  private @Nullable SimulatedProcess process;
  private @Nullable SimulatedProcess leaving;
  private boolean calm;
  private @Nullable String broken;

  SimulatedWorld(long seed, @Nullable Mutation mutation, @Nullable Trace trace) {
    this.mutation = mutation;
    this.trace = trace;
    this.random = new Random(seed * 0x9E3779B97F4A7C15L);
    this.time = new SimulatedTime(random);
    this.store = new SimulatedStore(time, mutation);
    this.faults = new StoreFaults(random);
    this.network = new SimulatedNetwork(time, random, mutation);
    SimulationPlan plan = new SimulationPlan(random, time.instant());
    this.properties = plan.properties();
    this.memoryBytes = 200L + random.nextInt(20_000);
    plan.fill(store, items);
    this.checks = new SimulationChecks(this, store, network, items);
    this.calmAt = (2 + random.nextInt(8)) * SECOND;
    trace(() -> properties + ", " + memoryBytes + " bytes");
    store.batches.values().forEach(batch -> trace(() -> batch.id + ": " + batch.options()));
    this.harsh = seed % 8 == HARSH;
    planFaults();
  }

  boolean is(Mutation wanted) {
    return mutation == wanted;
  }

  SimulatedTime time() {
    return time;
  }

  Random random() {
    return random;
  }

  SimulatedStore store() {
    return store;
  }

  StoreFaults faults() {
    return faults;
  }

  SimulatedNetwork network() {
    return network;
  }

  DispatchProperties properties() {
    return properties;
  }

  long memoryBytes() {
    return memoryBytes;
  }

  SimulationChecks checks() {
    return checks;
  }

  SentItem item(String key) {
    SentItem item = items.get(key);
    if (item == null) {
      throw new LawBroken("an unknown item is sent: " + key);
    }
    return item;
  }

  /** A law did not hold. */
  static final class LawBroken extends Error {
    private static final long serialVersionUID = 1L;

    LawBroken(String message) {
      super(message);
    }
  }

  /** Remembers what did not hold, too: on its way out an error may be caught. */
  void require(boolean holds, String otherwise) {
    if (!holds) {
      broken = broken == null ? "at " + time.elapsedMillis() + " ms: " + otherwise : broken;
      throw new LawBroken(broken);
    }
  }

  private void require(boolean holds, Supplier<String> otherwise) {
    if (!holds) {
      require(false, otherwise.get());
    }
  }

  void trace(Supplier<String> line) {
    if (trace != null) {
      trace.line("%,9d ms  %s".formatted(time.elapsedMillis(), line.get()));
    }
  }

  // What happens from outside

  private void planFaults() {
    process = new SimulatedProcess(this);
    planSometimes(3, this::crash);
    planSometimes(2, this::supersede);
    planSometimes(2, this::drain);
    planSometimes(2, this::stop);
    planSometimes(3, this::breakStore);
    planSometimes(6, this::changeWeather);
    planSometimes(4, this::control);
    planSometimes(2, this::pauseDestination);
    time.at(calmAt, fate, this::calm);
    probe();
  }

  private void planSometimes(int most, Runnable event) {
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      time.at(random.nextLong(calmAt), fate, event);
    }
  }

  private void probe() {
    time.in(
        SECOND,
        fate,
        () -> {
          checks.noOutcomeChanged();
          probe();
        });
  }

  private void crash() {
    SimulatedProcess dying = process == null ? leaving : process;
    if (dying != null && !dying.isOver()) {
      trace(() -> "process " + dying.owner() + " crashes");
      dying.crash();
      checks.crashed(dying.owner());
      restart(dying);
    }
  }

  private void restart(SimulatedProcess dead) {
    process = null;
    leaving = null;
    time.in(random.nextLong(harsh ? SECOND / 2 : 2 * SECOND), fate, () -> takeOver(dead));
  }

  private void takeOver(SimulatedProcess from) {
    SimulatedStore.Taken taken = store.takeOver(from.owner());
    trace(() -> "process " + from.owner() + " leaves " + taken);
    checks.takenOver(taken, from);
    process = new SimulatedProcess(this);
    trace(() -> "process " + process.owner() + " takes over from " + from.owner());
  }

  /** A process sends something; where it is harsh, its first request may be its last. */
  void sends(SimulatedProcess sender) {
    if (harsh && sender.owner() > lastSender) {
      lastSender = sender.owner();
      time.in(
          random.nextLong(SECOND / 20),
          fate,
          () -> {
            if (!calm && sender == process) {
              crash();
            }
          });
    }
  }

  /** Another takes over from a process that is alive and does not know. */
  private void supersede() {
    SimulatedProcess zombie = process;
    if (zombie != null && !zombie.isOver()) {
      checks.superseded(zombie.owner());
      zombie.superseded();
      zombies.add(zombie);
      takeOver(zombie);
      if (random.nextBoolean()) {
        zombie.stop(random.nextLong(SECOND));
      }
      time.in(random.nextLong(4 * SECOND), fate, zombie::crash);
    }
  }

  private void drain() {
    SimulatedProcess drained = process;
    if (drained != null && !drained.isOver()) {
      trace(() -> "process " + drained.owner() + " drains");
      process = null;
      leaving = drained;
      drained.drain(
          (gone, allStored) -> {
            leaving = null;
            checks.drained(gone, allStored);
            takeOver(gone);
          });
    }
  }

  private void stop() {
    SimulatedProcess stopped = process;
    if (stopped != null) {
      long nanos = random.nextLong(3 * SECOND);
      trace(() -> "process " + stopped.owner() + " stops for " + nanos / 1_000_000 + " ms");
      stopped.stop(nanos);
    }
  }

  private void breakStore() {
    long nanos = random.nextLong(2 * SECOND);
    trace(() -> "the store is down for " + nanos / 1_000_000 + " ms");
    faults.downUntil(time.nanoTime() + nanos);
  }

  private void changeWeather() {
    network.changeWeather(anyDestination().destination().key());
  }

  private DestinationRecord anyDestination() {
    List<DestinationRecord> all = List.copyOf(store.destinations.values());
    return all.get(random.nextInt(all.size()));
  }

  private void control() {
    List<StoredBatch> all = List.copyOf(store.batches.values());
    StoredBatch batch = all.get(random.nextInt(all.size()));
    int what = random.nextInt(5);
    trace(
        () -> "batch " + batch.id + (what < 3 ? " paused" : what < 4 ? " resumed" : " cancelled"));
    switch (what) {
      case 0, 1, 2 -> {
        batch.pause();
        time.in(random.nextLong(3 * SECOND), fate, () -> batch.resume(time.instant()));
      }
      case 3 -> batch.resume(time.instant());
      default -> batch.cancel();
    }
  }

  private void pauseDestination() {
    DestinationRecord destination = anyDestination();
    trace(() -> destination.destination().key() + " paused");
    setPaused(destination.id(), true);
    time.in(random.nextLong(2 * SECOND), fate, () -> setPaused(destination.id(), false));
  }

  private void setPaused(long id, boolean paused) {
    store.destinations.computeIfPresent(
        id,
        (_, now) ->
            new DestinationRecord(
                id,
                now.destination(),
                now.settings(),
                paused
                    ? new DestinationRecord.Pause(
                        time.instant(), null, new StateReason("operator", "", "test"))
                    : null,
                now.parkedUntil(),
                now.parkReason(),
                null));
  }

  /** From now on nothing goes wrong any more, and everything has to end. */
  private void calm() {
    calm = true;
    trace(() -> "calm");
    faults.downUntil(time.nanoTime());
    faults.calm();
    network.calm();
    store.destinations.keySet().forEach(id -> setPaused(id, false));
    store.batches.values().forEach(batch -> batch.resume(time.instant()));
    zombies.forEach(SimulatedProcess::crash);
  }

  // The run

  /** Runs until everything has ended; throws {@link LawBroken} when a law did not hold. */
  void run() {
    int events = 0;
    while (!calm || !store.isFinished()) {
      if (calm) {
        // A rule may have paused a batch by itself.
        store.batches.values().forEach(batch -> batch.resume(time.instant()));
      }
      boolean stepped = time.step();
      require(broken == null, "it goes on");
      require(
          stepped && time.nanoTime() < PATIENCE && events++ < MOST_EVENTS,
          () ->
              "not everything ended: "
                  + checks.unfinished()
                  + (process == null ? "" : process.describe()));
    }
    long settled = time.nanoTime() + 5 * SECOND;
    while (time.nanoTime() < settled || process == null) {
      boolean _ = time.step();
    }
    checks.atTheEnd();
    process.checkIdle();
    process.crash();
  }

  /** Gives a destination of the simulation. */
  static Destination destination(long id) {
    return new Destination("http", "target-" + id, 80);
  }
}
