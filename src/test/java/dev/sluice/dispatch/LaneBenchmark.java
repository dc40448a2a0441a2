package dev.sluice.dispatch;

import dev.sluice.fixture.SampleItems;
import dev.sluice.model.Attempt;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.Destination;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.Outcome;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Rate;
import dev.sluice.model.StateReason;
import dev.sluice.model.Verdict;
import dev.sluice.store.BatchRef;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue.BatchTerms;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import reactor.core.publisher.Mono;

/**
 * What a lane costs beside the exchange. One operation is one item taken through every gate, read
 * out of its shard, answered with 200 at once, settled, and its outcome given to a sink that counts
 * it. Eight shards of 500 wait for a paused lane; when it goes on, one loop sends all of them on
 * the calling thread, so threads never contend. Default settings, the clock of the process, nobody
 * observes. It warms up for longer than other benchmarks: much more code takes part.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 6, time = 1)
@Measurement(iterations = 5, time = 1)
public class LaneBenchmark {

  private static final int SHARDS = 8;
  private static final int SHARD_ITEMS = 500;
  private static final int ITEMS = SHARDS * SHARD_ITEMS;
  private static final Rate AMPLE = new Rate(1_000_000, Duration.ofMillis(1), 1_000);

  /** What stands between an item and its destination. */
  public enum Gates {
    /** All shards of one batch. */
    ONE_FLOW,
    /** Each shard of a batch of its own. */
    EIGHT_FLOWS,
    /** One batch, and a rate of the destination that never makes an item wait. */
    RATE
  }

  @Param private Gates gates;

  private final Destination destination = new Destination("http", "h1.example", 8080);
  private final ShardDecoder items = ShardDecoder.open(SampleItems.shard(SHARD_ITEMS));
  private BatchGate[] batches;
  private DestinationRecord paused;
  private DestinationRecord running;
  private Lane lane;
  private long shards;
  private long outcomes;
  private Outcome last;

  /** Opens the lane. */
  @Setup
  public void setUp() {
    ProcessClock clock = ProcessClock.system();
    DispatchProperties properties =
        new Binder(new MapConfigurationPropertySource(Map.of("sluice.dispatch.concurrency", "64")))
            .bindOrCreate("sluice.dispatch", DispatchProperties.class);
    IntentSink intents =
        (_, _) -> {
          throw new IllegalStateException("An item was intended");
        };
    Admission admission = new Admission(properties.globalConcurrency(), () -> true, _ -> true);
    LaneContext context =
        new LaneContext(
            properties,
            clock,
            (_, _) -> {
              throw new IllegalStateException("An item had to wait");
            },
            admission,
            new Settler(clock, sink(), DispatchObserver.NONE),
            new PayloadMemory(1L << 30),
            CircuitBreakerRegistry.ofDefaults(),
            DispatchObserver.NONE,
            () -> false,
            null,
            Shares.whole(),
            new IntentWindows(intents, 256, properties.globalConcurrency()),
            new Isolation(admission, intents),
            () -> {});
    DestinationSettings settings =
        new DestinationSettings(gates == Gates.RATE ? AMPLE : null, null, null);
    StateReason reason = new StateReason("operator", "", "benchmark");
    running = record(settings, null);
    paused = record(settings, new DestinationRecord.Pause(clock.instant(), null, reason));
    batches = new BatchGate[gates == Gates.EIGHT_FLOWS ? SHARDS : 1];
    for (int i = 0; i < batches.length; i++) {
      BatchRef batch = new BatchRef(i + 1, "bat_" + (i + 1));
      batches[i] =
          new BatchGate(
              new BatchTerms(batch, "default", BatchOptions.DEFAULT, 0),
              new Random(42),
              clock,
              null,
              BatchShares.of(Shares.whole(), i + 1));
    }
    Mono<Verdict> answer = Mono.just(new Verdict.Succeeded(new Verdict.Reply(200, null)));
    lane = new Lane(paused, context, _ -> answer, new LaneLimits(context, (Integer) null));
  }

  private DestinationRecord record(
      DestinationSettings settings, DestinationRecord.@Nullable Pause pause) {
    return new DestinationRecord(1, destination, settings, pause, null, null, null);
  }

  private OutcomeSink sink() {
    return new OutcomeSink() {
      @Override
      public void add(Lease lease, Outcome outcome) {
        outcomes++;
        last = outcome;
      }

      @Override
      public void add(Lease lease, Attempt attempt) {
        throw new IllegalStateException("An item was to be tried again");
      }

      @Override
      public void outlived(Intent intent) {
        throw new IllegalStateException("An item ran alone");
      }

      @Override
      public void giveBack(Lease lease, @Nullable Instant notBefore) {
        throw new IllegalStateException("A shard was given back");
      }

      @Override
      public void whenStored(Runnable task) {
        task.run();
      }
    };
  }

  /** From a shard that waits to the last outcome. */
  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public Outcome item() {
    for (int i = 0; i < SHARDS; i++) {
      BatchGate batch = batches[i % batches.length];
      lane.add(claimed(batch), batch);
    }
    lane.follow(running);
    lane.follow(paused);
    if (outcomes != shards * SHARD_ITEMS) {
      throw new IllegalStateException(outcomes + " outcomes of " + shards + " shards");
    }
    return last;
  }

  private ClaimedShard claimed(BatchGate batch) {
    Lease lease = new Lease(++shards, batch.batchId(), 1, 1);
    return new ClaimedShard(lease, batch.terms(), destination, 0, SHARD_ITEMS, 0, items, null);
  }
}
