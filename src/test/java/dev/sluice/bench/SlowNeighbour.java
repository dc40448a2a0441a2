package dev.sluice.bench;

import dev.sluice.fixture.RawServer;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import tools.jackson.databind.JsonNode;

/** Whether 99 healthy destinations notice that a hundredth accepts everything and never answers. */
final class SlowNeighbour {

  private static final int HEALTHY = 99;
  private static final int ALL = HEALTHY + 1;
  private static final long POLL_NANOS = 5_000_000;
  private static final Duration SETTLE_LIMIT = Duration.ofSeconds(30);

  private final Plan plan;
  private final SinkProcess sink;
  private final SluiceProcess process;
  private final SluiceClient client;
  private final String[] lines = new String[HEALTHY];

  private SlowNeighbour(Plan plan, SinkProcess sink, SluiceProcess process, SluiceClient client) {
    this.plan = plan;
    this.sink = sink;
    this.process = process;
    this.client = client;
    for (int port = 0; port < HEALTHY; port++) {
      lines[port] = SluiceContender.line(sink.url(port), plan.bodyBytes());
    }
  }

  /** Runs it with every limit at its default. */
  static Section run(Plan plan) throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "slow");
        SinkProcess sink = SinkProcess.start(Cores.SHARED, HEALTHY, Duration.ZERO);
        SluiceProcess process = SluiceProcess.in(directory.path()).jvm(JvmOptions.and()).start();
        SluiceClient client = new SluiceClient(process.uri())) {
      return new SlowNeighbour(plan, sink, process, client).measure();
    }
  }

  private Section measure() throws IOException {
    Measured alone = new Measured("99 healthy destinations");
    Measured beside = new Measured("the same beside one that never answers");
    if (plan.warmUpItems() > 0) {
      alone(plan.warmUpItems());
    }
    for (int round = 0; round < plan.rounds(); round++) {
      long resident = ProcessCost.peakResidentMebibytes(process.pid());
      if (round % 2 == 0) {
        alone.add(alone(plan.items()), resident);
        beside.add(besideBlackHole(plan.items()), resident);
      } else {
        beside.add(besideBlackHole(plan.items()), resident);
        alone.add(alone(plan.items()), resident);
      }
    }
    return section(alone, beside);
  }

  private Round alone(int items) {
    int healthy = healthy(items);
    return round(healthy, healthy, item -> lines[item % HEALTHY]);
  }

  /** A new port each time: a destination without history, whose breaker knows nothing yet. */
  private Round besideBlackHole(int items) throws IOException {
    try (RawServer hole =
        RawServer.start((in, _, _) -> in.transferTo(OutputStream.nullOutputStream()))) {
      String lost =
          SluiceContender.line("http://127.0.0.1:" + hole.port() + "/never", plan.bodyBytes());
      Round round =
          round(
              healthy(items) / HEALTHY * ALL,
              healthy(items),
              item -> item % ALL < HEALTHY ? lines[item % ALL] : lost);
      if (hole.connectionCount() == 0) {
        throw new IllegalStateException("Nothing was sent to the destination that never answers");
      }
      return round;
    }
  }

  /** Gives how many items go to the healthy ones, the same number to each. */
  private static int healthy(int items) {
    return Math.max(1, items / ALL) * HEALTHY;
  }

  private Round round(int items, int healthy, IntFunction<String> line) {
    long before = sink.seen().requests();
    String id = client.submit(items, "expectedItems=" + items, line);
    long cpuMicros = ProcessCost.of(process.pid()).cpuMicros();
    Instant sealed = Instant.parse(client.batch(id).path("sealedAt").asString());
    Sink.Seen seen = sink.seen();
    long deadline = System.nanoTime() + Plan.LIMIT.toNanos();
    while (seen.requests() - before < healthy) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "%,d of %,d healthy items arrived".formatted(seen.requests() - before, healthy));
      }
      LockSupport.parkNanos(POLL_NANOS);
      seen = sink.seen();
    }
    JsonNode batch =
        client.awaitBatch(
            id, SETTLE_LIMIT, now -> now.path("counts").path("succeeded").asLong() >= healthy);
    long usedMicros = ProcessCost.of(process.pid()).cpuMicros() - cpuMicros;
    require(batch, healthy, items);
    Round.Percentiles exchange = SluiceContender.exchange(client, id);
    double seconds =
        (seen.latestNanos() - TimeUnit.MILLISECONDS.toNanos(sealed.toEpochMilli())) / 1e9;
    if (items > healthy) {
      client.post("/v1/batches/" + id + "/cancel");
    }
    return new Round(healthy, seconds, usedMicros, exchange, 0);
  }

  private static void require(JsonNode batch, int healthy, int items) {
    JsonNode counts = batch.path("counts");
    if (counts.path("succeeded").asLong() != healthy
        || counts.path("pending").asLong() + counts.path("inFlight").asLong() != items - healthy) {
      throw new IllegalStateException("Not every healthy item succeeded: " + counts);
    }
  }

  private Section section(Measured alone, Measured beside) {
    Section.Table table =
        new Section.Table(
            "destinations",
            "healthy items/s",
            "CPU µs/item",
            "p50 ms",
            "p99 ms",
            "÷ healthy alone");
    for (Measured one : List.of(alone, beside)) {
      table.row(
          one.name(),
          Section.number(one.median(Round::itemsPerSecond)),
          Section.number(one.median(Round::cpuMicrosPerItem)),
          Section.number(one.median(round -> round.exchange().p50())),
          Section.number(one.median(SlowNeighbour::p99)),
          Section.number(one.ratioTo(alone, Round::itemsPerSecond)));
    }
    return new Section(
            "A destination that never answers",
            ("%,d items go round robin to 99 destinations that answer at once, and in every second"
                    + " round as many again to each go to a hundredth that accepts connections and never"
                    + " answers, new each time. All limits are the defaults. The time runs from the"
                    + " accepted batch to the last request of the healthy destinations; a dispatcher"
                    + " that lets a slow destination hold places, memory or threads of others shows a"
                    + " ratio far below one. %d rounds of each kind, one after the other.")
                .formatted(healthy(plan.items()), plan.rounds()))
        .add(table)
        .add(
            Section.Finding.atLeast(
                "healthy items/s beside a destination that never answers ÷ without it",
                beside.ratioTo(alone, Round::itemsPerSecond),
                0.97,
                Double.NaN))
        .add(
            Section.Finding.atMost(
                "p99 of healthy exchanges beside a destination that never answers ÷ without it",
                beside.ratioTo(alone, SlowNeighbour::p99),
                1.2,
                Double.NaN));
  }

  private static double p99(Round round) {
    return round.exchange().p99();
  }
}
