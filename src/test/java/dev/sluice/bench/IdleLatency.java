package dev.sluice.bench;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * How long a single item needs from its submission to its destination while nothing else runs: soon
 * after the start and later, with the ahead-of-time cache that the image has.
 */
final class IdleLatency {

  private static final int WARM_UP_COUNT = 5_000;
  private static final int COUNT = 200;
  private static final long SHORTEST_PAUSE_MILLIS = 50;
  private static final long PAUSE_SPAN_MILLIS = 50;
  private static final int PAGE_BYTES = 8192;
  private static final long POLL_NANOS = 200_000;
  private static final Duration ARRIVAL_LIMIT = Duration.ofSeconds(10);

  private final Took first = new Took();
  private final Took later = new Took();
  private final Histogram synced = new Histogram(3);

  /** Times from the POST on, in nanoseconds. */
  private record Took(Histogram arrived, Histogram answered) {
    Took() {
      this(new Histogram(3), new Histogram(3));
    }
  }

  /** Runs it. */
  static Section run(Plan plan) throws IOException {
    return new IdleLatency().measure(plan);
  }

  private Section measure(Plan plan) throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "idle");
        SinkProcess sink = SinkProcess.start(Cores.SHARED);
        SluiceProcess process =
            JvmOptions.train(directory.path())
                .prepare(SluiceContender.prepare(directory.path(), 64, Cores.SHARED))
                .start();
        SluiceClient client = new SluiceClient(process.uri())) {
      String body = "{\"items\":[" + SluiceContender.line(sink.url(), plan.bodyBytes()) + "]}";
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < COUNT; i++) {
        ids.add(submit(client, sink, body, first));
        pause(i);
      }
      Took ignored = new Took();
      for (int i = 0; i < WARM_UP_COUNT; i++) {
        ids.add(submit(client, sink, body, ignored));
      }
      for (int i = 0; i < COUNT; i++) {
        ids.add(submit(client, sink, body, later));
        sync(directory.path());
        pause(i);
      }
      for (String id : ids) {
        long succeeded =
            client.awaitFinished(id, ARRIVAL_LIMIT).path("counts").path("succeeded").asLong();
        if (succeeded != 1) {
          throw new IllegalStateException("The item of batch " + id + " did not succeed");
        }
      }
    }
    return section();
  }

  /** Submits one item and waits until it has arrived. */
  private static String submit(SluiceClient client, SinkProcess sink, String body, Took took) {
    long before = sink.seen().requests();
    long startedNanos = Sink.wallNanos();
    SluiceClient.Answer answer = client.post("/v1/batches", body);
    long answeredNanos = Sink.wallNanos();
    if (answer.status() != 202) {
      throw new IllegalStateException("A batch was refused: " + answer.json());
    }
    long deadline = System.nanoTime() + ARRIVAL_LIMIT.toNanos();
    Sink.Seen seen = sink.seen();
    while (seen.requests() == before) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("An item did not arrive within " + ARRIVAL_LIMIT);
      }
      LockSupport.parkNanos(POLL_NANOS);
      seen = sink.seen();
    }
    took.arrived.recordValue(Math.max(0, seen.latestNanos() - startedNanos));
    took.answered.recordValue(Math.max(0, answeredNanos - startedNanos));
    return answer.batchId();
  }

  /** Writes a page beside the store and waits until the disk has it: what no commit can avoid. */
  private void sync(Path directory) throws IOException {
    long startedNanos = System.nanoTime();
    try (FileChannel file =
        FileChannel.open(
            directory.resolve("page"), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      var _ = file.write(ByteBuffer.allocate(PAGE_BYTES));
      file.force(false);
    }
    synced.recordValue(System.nanoTime() - startedNanos);
  }

  /** Leaves the service alone, each time for a little longer, so that no rhythm of it is hit. */
  private static void pause(int round) {
    LockSupport.parkNanos(
        TimeUnit.MILLISECONDS.toNanos(SHORTEST_PAUSE_MILLIS + round * 7L % PAUSE_SPAN_MILLIS));
  }

  private Section section() {
    Section section =
        new Section(
            "One item on an idle service",
            ("A batch of one item is posted to a service that has nothing else to do, %d times with"
                    + " 50 to 100 ms of rest in between: right after its start, and again after %,d"
                    + " without rest that do not count. It starts as the image starts it, with its JVM options and"
                    + " an AOT cache that a run of the demo trained. The time runs from just before the"
                    + " POST to the moment the destination has read the request; it"
                    + " holds reading and checking the batch, writing it to disk with an fsync,"
                    + " claiming it and sending it.")
                .formatted(COUNT, WARM_UP_COUNT));
    Section.Table table = new Section.Table("from the POST to", "p50 ms", "p99 ms", "longest ms");
    row(table, "arrival at the destination", later.arrived);
    row(table, "answer to the client", later.answered);
    row(table, "arrival, the first %d after the start".formatted(COUNT), first.arrived);
    row(table, "answer, the first %d after the start".formatted(COUNT), first.answered);
    row(table, "(a page written with one fsync on the same disk)", synced);
    return section
        .add(table)
        .add(
            Section.Finding.atMost(
                "one item on an idle service, POST to arrival, p50 ms",
                millis(later.arrived.getValueAtPercentile(50)),
                5,
                Double.NaN))
        .add(
            Section.Finding.atMost(
                "one item on an idle service, POST to arrival, p99 ms",
                millis(later.arrived.getValueAtPercentile(99)),
                20,
                Double.NaN));
  }

  private static void row(Section.Table table, String name, Histogram took) {
    table.row(
        name,
        Section.number(millis(took.getValueAtPercentile(50))),
        Section.number(millis(took.getValueAtPercentile(99))),
        Section.number(millis(took.getMaxValue())));
  }

  private static double millis(long nanos) {
    return nanos / 1e6;
  }
}
