package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.attempt.AttemptRequest;
import dev.sluice.attempt.Attempter;
import dev.sluice.model.Attempt;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Canary;
import dev.sluice.model.Delivery;
import dev.sluice.model.Destination;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.Item;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Rate;
import dev.sluice.model.RetryOptions;
import dev.sluice.model.StateReason;
import dev.sluice.model.Verdict;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ControlBoard.BatchControl;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.DestinationSettings.BreakerOverride;
import dev.sluice.store.LimitShares;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardEncoder;
import dev.sluice.store.ShardQueue.BatchTerms;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.History;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.Progress;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** One lane on simulated time: a single thread, a scripted destination, a sink that remembers. */
final class LaneBench {

  private record Exchange(AttemptRequest request, Sinks.One<Verdict> verdict) {}

  private record Wake(long at, Runnable task) {}

  private final Deque<Exchange> open = new ArrayDeque<>();
  private final List<String> sentKeys = new ArrayList<>();
  private final List<Integer> sentAttempts = new ArrayList<>();
  private final Map<Long, Outcome> outcomes = new HashMap<>();
  private final List<Outcome> allOutcomes = new ArrayList<>();
  private final List<Attempt> attempts = new ArrayList<>();
  private final List<GivenBack> givenBack = new ArrayList<>();
  private final List<Intent> outlived = new ArrayList<>();
  private final PriorityQueue<Wake> wakes =
      new PriorityQueue<>((a, b) -> Long.compare(a.at(), b.at()));
  private final Map<Long, BatchGate> gates = new HashMap<>();
  private final List<Intent> intended = new ArrayList<>();
  private final Deque<Consumer<Set<Lease>>> uncommitted = new ArrayDeque<>();
  private final Deque<Runnable> unstored = new ArrayDeque<>();
  private boolean intentsHeld;
  private boolean storesHeld;
  private boolean writesHeld;
  private final Instant start = Instant.parse("2026-01-01T00:00:00Z");
  private final List<Lane> lanes = new ArrayList<>();
  private final Admission admission;
  private final Lane lane;
  private final LaneContext context;
  private int wakeCount;
  private final Destination destination = new Destination("http", "target", 80);
  private long nanos;
  private long batches;
  private int maxInFlight;
  private int cutCount;
  private boolean room = true;
  private boolean leasesHeld = true;
  private long token = 1;
  private boolean busy;
  private boolean outcomeFails;

  private final ProcessClock clock =
      new ProcessClock() {
        @Override
        public long nanoTime() {
          return nanos;
        }

        @Override
        public Instant instant() {
          return start.plusNanos(nanos);
        }
      };

  LaneBench(String... overrides) {
    Map<String, String> values = new HashMap<>();
    values.put("sluice.dispatch.concurrency", "64");
    boolean shared = false;
    for (String override : overrides) {
      if (override.equals("--adaptive")) {
        values.remove("sluice.dispatch.concurrency");
        continue;
      }
      if (override.equals("--shared")) {
        shared = true;
        continue;
      }
      String[] parts = override.substring(2).split("=", 2);
      String name = parts[0].equals("global") ? "global-concurrency" : parts[0];
      values.put("sluice.dispatch." + name, parts[1]);
    }
    DispatchProperties properties =
        new Binder(new MapConfigurationPropertySource(values))
            .bindOrCreate("sluice.dispatch", DispatchProperties.class);
    admission = new Admission(properties.globalConcurrency(), () -> room, _ -> leasesHeld);
    OutcomeSink sink =
        new OutcomeSink() {
          @Override
          public void add(Lease lease, Outcome outcome) {
            if (outcomeFails) {
              outcomeFails = false;
              throw new IllegalStateException("As the test asked");
            }
            outcomes.put(outcome.index(), outcome);
            allOutcomes.add(outcome);
          }

          @Override
          public void add(Lease lease, Attempt attempt) {
            attempts.add(attempt);
          }

          @Override
          public void outlived(Intent intent) {
            outlived.add(intent);
          }

          @Override
          public void giveBack(Lease lease, @Nullable Instant notBefore) {
            givenBack.add(new GivenBack(lease, notBefore));
          }

          @Override
          public void whenStored(Runnable task) {
            unstored.add(task);
            if (!storesHeld) {
              store();
            }
          }
        };
    IntentSink intents =
        (asked, committed) -> {
          intended.addAll(asked);
          uncommitted.add(committed);
          if (!intentsHeld) {
            commitIntents();
          }
        };
    context =
        new LaneContext(
            properties,
            clock,
            this::plan,
            admission,
            new Settler(clock, sink, DispatchObserver.NONE),
            new PayloadMemory(1 << 20),
            CircuitBreakerRegistry.ofDefaults(),
            DispatchObserver.NONE,
            () -> busy,
            RatePacer.of("global", properties.globalRate()),
            shared ? Shares.of(clock) : Shares.whole(),
            new IntentWindows(intents, properties.intentWindow(), properties.globalConcurrency()),
            new Isolation(admission, intents),
            () -> {});
    lane = lane(this::attempt);
  }

  /** Gives a keeper of this replica's shares. */
  ShareKeeper shareKeeper(LimitShares store) {
    ShareTerm term = context.shares().term();
    assertThat(term).isNotNull();
    return new ShareKeeper(store, this::sharedLimits, term, clock, DispatchObserver.NONE);
  }

  private void sharedLimits(BiConsumer<SharedLimit, SharedLimit.Load> limit) {
    lanes.forEach(each -> each.sharedLimits(limit));
    gates.values().forEach(gate -> new BatchLoad(gate, lanes).sharedLimits(limit));
  }

  /** Tells the lane what the store says of a parked destination; null when it is not. */
  void park(@Nullable Duration left, @Nullable String reason) {
    Instant until = left == null ? null : clock.instant().plus(left);
    lane.follow(
        new DestinationRecord(
            1, destination, DestinationSettings.DEFAULT, null, until, reason, null));
  }

  /** The same of a destination whose breaker an operator set. */
  void parkOperated(Duration left, BreakerOverride breaker) {
    lane.follow(
        new DestinationRecord(
            1,
            destination,
            new DestinationSettings(null, null, breaker),
            null,
            clock.instant().plus(left),
            "breaker",
            null));
  }

  /** Opens another lane to the same destination. */
  Lane anotherLane() {
    return lane(this::attempt);
  }

  /** Opens another lane to the same destination, with an attempter of its own. */
  Lane lane(Attempter attempter) {
    return lane(attempter, new LaneLimits(context, (Integer) null));
  }

  Lane lane(Attempter attempter, LaneLimits limits) {
    Lane opened = new Lane(record(DestinationSettings.DEFAULT, false), context, attempter, limits);
    lanes.add(opened);
    return opened;
  }

  /** Opens a lane of a destination that an open breaker parked. */
  Lane parkedLane(Duration left) {
    DestinationRecord record =
        new DestinationRecord(
            1,
            destination,
            DestinationSettings.DEFAULT,
            null,
            clock.instant().plus(left),
            "breaker",
            null);
    // Its breaker is one of its own, as after a restart.
    context.breakers().remove(destination.key());
    return new Lane(record, context, this::attempt, new LaneLimits(context, (Integer) null));
  }

  LaneContext context() {
    return context;
  }

  /** Says that this process is what is slow. */
  void busy(boolean isBusy) {
    busy = isBusy;
  }

  long nanos() {
    return nanos;
  }

  void plan(long at, Runnable task) {
    wakeCount++;
    wakes.add(new Wake(at, task));
  }

  /** Opens more lanes without work, all waiting for a place in the process. */
  List<Lane> waitingLanes(int count) {
    List<Lane> lanes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Lane other = lane(this::attempt);
      admission.tryEnter(other, nanos);
      lanes.add(other);
    }
    return lanes;
  }

  long laneShare() {
    return context.memory().laneShare();
  }

  int wakeCount() {
    return wakeCount;
  }

  private Mono<Verdict> attempt(AttemptRequest request) {
    Exchange exchange = new Exchange(request, Sinks.one());
    open.add(exchange);
    if (!writesHeld) {
      request.cutter().writing();
    }
    sentKeys.add(request.idempotencyKey());
    sentAttempts.add(request.attemptNumber());
    maxInFlight = Math.max(maxInFlight, open.size());
    return exchange.verdict().asMono();
  }

  private DestinationRecord record(DestinationSettings settings, boolean paused) {
    return new DestinationRecord(
        1,
        destination,
        settings,
        paused
            ? new DestinationRecord.Pause(start, null, new StateReason("operator", "", "test"))
            : null,
        null,
        null,
        null);
  }

  void settings(DestinationSettings settings) {
    lane.follow(record(settings, false));
  }

  void pauseDestination(boolean paused) {
    lane.follow(record(DestinationSettings.DEFAULT, paused));
  }

  void pause(Lane other) {
    other.follow(record(DestinationSettings.DEFAULT, true));
  }

  Lane lane(int count) {
    Lane other = lane(this::attempt);
    add(other, count, BatchOptions.DEFAULT, null, Map.of());
    return other;
  }

  /** Requests wait for their connections from now on. */
  void holdWrites() {
    writesHeld = true;
  }

  /** All of them are written. */
  void write() {
    open.forEach(exchange -> exchange.request().cutter().writing());
  }

  /** Makes the next outcome fail to be taken. */
  void nextOutcomeFails() {
    outcomeFails = true;
  }

  void add(int count) {
    add(count, BatchOptions.DEFAULT);
  }

  void add(int count, BatchOptions options) {
    add(count, options, null, Map.of());
  }

  void add(
      int count, BatchOptions options, @Nullable BitSet settled, Map<Long, History> histories) {
    add(lane, count, options, settled, histories);
  }

  void add(
      Lane to,
      int count,
      BatchOptions options,
      @Nullable BitSet settled,
      Map<Long, History> histories) {
    hand(to, count, gate(options), settled, histories);
  }

  private BatchGate gate(BatchOptions options) {
    long batch = ++batches;
    BatchGate gate =
        new BatchGate(
            new BatchTerms(new BatchRef(batch, "bat_" + batch), "default", options, 0),
            new Random(42),
            clock,
            RatePacer.of("default", context.properties().tenantRate()),
            BatchShares.of(context.shares(), batch));
    gates.put(batch, gate);
    return gate;
  }

  BatchOptions atMostOnce() {
    return BatchOptions.DEFAULT
        .change()
        .delivery(Delivery.AT_MOST_ONCE)
        .retry(RetryOptions.defaultFor(Delivery.AT_MOST_ONCE))
        .build();
  }

  /** Keeps intents from the disk until {@link #commitIntents}. */
  void holdIntents(boolean held) {
    intentsHeld = held;
    if (!held) {
      commitIntents();
    }
  }

  /** Takes what was intended to the disk, but for these leases, which had moved on. */
  void commitIntents(Lease... lost) {
    while (!uncommitted.isEmpty()) {
      uncommitted.remove().accept(Set.of(lost));
    }
  }

  /** Keeps outcomes from the disk until they are not held any more. */
  void holdStores(boolean held) {
    storesHeld = held;
    if (!held) {
      store();
    }
  }

  private void store() {
    while (!unstored.isEmpty()) {
      unstored.remove().run();
    }
  }

  /** Gives what was intended, in the order it was asked for. */
  List<Intent> intended() {
    return intended;
  }

  /** Hands more of a batch to a lane. */
  void addMore(Lane to, int count, long batch) {
    hand(to, count, gate(batch), null, Map.of());
  }

  private void hand(
      Lane to, int count, BatchGate gate, @Nullable BitSet settled, Map<Long, History> histories) {
    hand(to, count, gate, 0, settled == null ? null : new Progress(settled, histories));
  }

  /** Hands a shard to the lane that several processes ended with. */
  void addCrashed(int count, BatchOptions options, Set<Long> suspects) {
    addCrashed(lane, count, options, suspects);
  }

  void addCrashed(Lane to, int count, BatchOptions options, Set<Long> suspects) {
    hand(to, count, gate(options), 2, new Progress(new BitSet(), Map.of(), suspects));
  }

  /** Adds a shard with which so many processes ended. */
  void addCrashed(int crashes, int count) {
    hand(lane, count, gate(BatchOptions.DEFAULT), crashes, null);
  }

  private void hand(Lane to, int count, BatchGate gate, int crashes, @Nullable Progress progress) {
    long batch = gate.batchId();
    ShardEncoder encoder = new ShardEncoder(0);
    for (int i = 0; i < count; i++) {
      encoder.add(
          new Item(
              i,
              null,
              new OutboundRequest("POST", "/", List.of(), BodyKind.NONE, new byte[0]),
              null,
              null,
              null));
    }
    to.add(
        new ClaimedShard(
            new Lease(batch, batch, 1, token),
            gate.terms(),
            destination,
            0,
            count,
            crashes,
            ShardDecoder.open(encoder.finish()),
            progress),
        gate);
  }

  BatchOptions options(int maxAttempts) {
    RetryOptions retry =
        new RetryOptions(
            maxAttempts,
            Duration.ofSeconds(1),
            2,
            Duration.ofSeconds(30),
            Duration.ofHours(24),
            RetryOptions.Jitter.FULL,
            RetryOptions.DEFAULT_ON,
            RetryOptions.DEFAULT_NOT_ON,
            RetryOptions.DEFAULT.budget());
    return with(retry);
  }

  /** A batch whose retries come at once, and its largest share of retries. */
  BatchOptions budget(double budget) {
    RetryOptions d = RetryOptions.DEFAULT;
    return with(
        new RetryOptions(
            100,
            Duration.ofMillis(1),
            1,
            Duration.ofMillis(1),
            d.maxElapsed(),
            RetryOptions.Jitter.NONE,
            d.on(),
            d.notOn(),
            budget));
  }

  BatchOptions failFast() {
    return BatchOptions.DEFAULT.change().onBreakerOpen(BatchOptions.OnBreakerOpen.FAIL).build();
  }

  BatchOptions concurrency(int concurrency) {
    return BatchOptions.DEFAULT.change().concurrency(concurrency).build();
  }

  BatchOptions rate(int permits, Duration per) {
    return BatchOptions.DEFAULT.change().rate(new Rate(permits, per, 1)).build();
  }

  BatchOptions deadline(Instant deadline) {
    return BatchOptions.DEFAULT.change().deadline(deadline).build();
  }

  BatchOptions canary(int items) {
    return BatchOptions.DEFAULT.change().canary(new Canary(items, 0.1)).build();
  }

  private static BatchOptions with(RetryOptions retry) {
    return BatchOptions.DEFAULT.change().retry(retry).build();
  }

  /** Answers the oldest exchanges. */
  void answer(int count, Verdict verdict) {
    for (int i = 0; i < count; i++) {
      open.remove().verdict().tryEmitValue(verdict).orThrow();
    }
  }

  /** Answers until nothing is in flight. */
  void answerAll(Verdict verdict) {
    while (!open.isEmpty()) {
      answer(1, verdict);
    }
  }

  /** Answers what is in flight now. */
  void answerAllOnce(Verdict verdict) {
    answer(open.size(), verdict);
  }

  void advance(Duration time) {
    advanceTo(clock.instant().plus(time));
  }

  void advanceTo(Instant instant) {
    long until = Duration.between(start, instant).toNanos();
    while (!wakes.isEmpty() && wakes.peek().at() <= until) {
      Wake wake = wakes.remove();
      nanos = Math.max(nanos, wake.at());
      wake.task().run();
    }
    nanos = Math.max(nanos, until);
  }

  void follow(long batch, BatchState state) {
    follow(new BatchControl(batch, state.isDispatchable(), false, 0));
    if (!state.isDispatchable()) {
      lane.release(batch);
    }
  }

  void follow(BatchControl control) {
    BatchGate gate = gates.get(control.batchId());
    gate.follow(control, gate.halts());
    lane.signal();
  }

  /** Changes the options of a batch, as the housekeeper follows them. */
  void change(long batch, UnaryOperator<BatchOptions.Builder> change) {
    BatchGate gate = gates.get(batch);
    BatchOptions options = change.apply(gate.terms().options().change()).build();
    gate.follow(
        new BatchTerms(gate.terms().batch(), gate.terms().tenant(), options, gate.revision() + 1));
    lanes.forEach(Lane::reconsider);
  }

  BatchGate gate(long batch) {
    return gates.get(batch);
  }

  void tick() {
    admission.tick(nanos);
    lane.tick(nanos);
    cutCount = (int) open.stream().filter(exchange -> exchange.request().cutter().isCut()).count();
  }

  /** Says whether the leases are surely held; lanes hear of it at the next tick. */
  void leasesAreHeld(boolean held) {
    leasesHeld = held;
  }

  /** What is handed over from now on was granted anew. */
  void nextToken() {
    token++;
  }

  long memoryRoom() {
    return context.memory().room();
  }

  void outcomesHaveRoom(boolean hasRoom) {
    room = hasRoom;
    if (hasRoom) {
      admission.wakeAll();
    }
  }

  /** The process stops. */
  void closeAdmission() {
    admission.close();
  }

  int cutCount() {
    return cutCount;
  }

  Instant instant() {
    return clock.instant();
  }

  Lane lane() {
    return lane;
  }

  int inFlight() {
    return open.size();
  }

  int maxInFlight() {
    return maxInFlight;
  }

  /** Gives the number of the attempt of each request, in the order they were sent. */
  List<Integer> sentAttempts() {
    return List.copyOf(sentAttempts);
  }

  int sentCount() {
    return sentKeys.size();
  }

  long sentOf(long batch) {
    return sentKeys.stream().filter(key -> key.startsWith("bat_" + batch + "-")).count();
  }

  long lastSentIndex() {
    String key = sentKeys.getLast();
    return Long.parseLong(key.substring(key.lastIndexOf('-') + 1));
  }

  int lastAttemptNumber() {
    return sentAttempts.getLast();
  }

  int admitted() {
    return admission.inFlight();
  }

  List<Outcome> outcomes() {
    return allOutcomes;
  }

  Outcome outcome(long index) {
    return outcomes.get(index);
  }

  List<OutcomeState> states() {
    return allOutcomes.stream().map(Outcome::state).toList();
  }

  List<Attempt> attempts() {
    return attempts;
  }

  /** Gives the intents of items whose sending the process has outlived. */
  List<Intent> outlived() {
    return outlived;
  }

  List<GivenBack> givenBack() {
    return givenBack;
  }
}
