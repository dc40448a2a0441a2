package dev.sluice.store;

import dev.sluice.fixture.SampleItems;
import dev.sluice.model.Item;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What the stored form of shards costs. One operation is one item of a shard of 500, which share
 * what is done once a shard.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ShardFormatBenchmark {

  private static final int ITEMS = 500;

  private final List<Item> items = IntStream.range(0, ITEMS).mapToObj(SampleItems::item).toList();
  private final byte[] payload = SampleItems.shard(ITEMS);

  /** From items to a finished payload, checksum included. */
  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public byte[] encode() {
    ShardEncoder encoder = new ShardEncoder(0);
    for (Item item : items) {
      encoder.add(item);
    }
    return encoder.finish();
  }

  /** From a payload to items, checksum included. */
  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public void decode(Blackhole sink) {
    ShardDecoder decoder = ShardDecoder.open(payload);
    for (int i = 0; i < ITEMS; i++) {
      sink.consume(decoder.item(i));
    }
  }

  /** Only the checksum and the search for where items begin. */
  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public ShardDecoder open() {
    return ShardDecoder.open(payload);
  }
}
