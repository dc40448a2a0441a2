package dev.sluice.intake;

import dev.sluice.fixture.SampleItems;
import dev.sluice.model.Item;
import dev.sluice.model.ProcessClock;
import java.io.ByteArrayInputStream;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What making items of NDJSON costs. One operation is one line of 300 bytes read, checked and given
 * to a sink that keeps the last; no shard is built and nothing is stored.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ItemReaderBenchmark {

  private static final int LINES = 1_000;

  private final byte[] line = SampleItems.line(0);
  private final byte[] lines = SampleItems.lines(LINES);
  private final ProcessClock clock = ProcessClock.system();
  private ErrorLog errors;
  private ItemReader reader;
  private @Nullable Item last;

  /** Makes the reader. */
  @Setup
  public void setUp() {
    errors = new ErrorLog();
    reader = new ItemReader(Template.NONE, errors, 0, LINES, (_, item) -> last = item);
  }

  /** Makes sure that it was not refusals that were measured. */
  @TearDown
  public void requireNoErrors() {
    if (!errors.isEmpty()) {
      throw new IllegalStateException("Items were refused: " + errors.toProblem());
    }
  }

  /** The same line again and again, cut out already. */
  @Benchmark
  public @Nullable Item item() {
    reader.read(line, 0, line.length, 0);
    return last;
  }

  /**
   * The way through a whole body of 1,000 lines with four hosts in turn: read from a stream, lines
   * cut, UTF-8 told, items made.
   */
  @Benchmark
  @OperationsPerInvocation(LINES)
  public long ndjson() {
    ContentStream content =
        ContentStream.open(new ByteArrayInputStream(lines), false, TestLimits.DEFAULT, clock, null);
    return new NdjsonBody(content, QueryString.of(null), TestLimits.DEFAULT).items(reader, errors);
  }
}
