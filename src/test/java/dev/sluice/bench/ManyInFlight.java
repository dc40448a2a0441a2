package dev.sluice.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;

/** Ten thousand exchanges in flight to a destination that takes a second for each. */
final class ManyInFlight {

  private static final int IN_FLIGHT = 10_000;
  private static final Duration DELAY = Duration.ofSeconds(1);
  private static final double IDEAL = IN_FLIGHT / (DELAY.toMillis() / 1e3);
  private static final int FEWEST_ITEMS = 80_000;
  private static final int FIRST_ITEMS = 40_000;
  private static final int MOST_ROUNDS = 3;
  private static final long FILES_NEEDED = IN_FLIGHT + 500;

  /** The first waves and the last are left out: the pool fills and the work runs out. */
  private static final int UNMEASURED_WAVES = 3;

  private static final long SAMPLE_NANOS = 5_000_000;

  private final Plan plan;
  private final int items;
  private final Measured measured = new Measured("Sluice");
  private List<double[]> curve = List.of();

  private ManyInFlight(Plan plan) {
    this.plan = plan;
    this.items = Math.max(FEWEST_ITEMS, plan.items() / 5 * 3);
  }

  /** Runs it, where the machine allows that many sockets. */
  static Section run(Plan plan) throws IOException {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        && system.getMaxFileDescriptorCount() < FILES_NEEDED) {
      return new Section(
          "10,000 in flight",
          "Left out: it needs %,d open files, this shell allows %,d (ulimit -n)."
              .formatted(FILES_NEEDED, system.getMaxFileDescriptorCount()));
    }
    return new ManyInFlight(plan).measure();
  }

  private Section measure() throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "inflight");
        SinkProcess sink = SinkProcess.start(Cores.SHARED, 1, DELAY);
        SluiceProcess process =
            SluiceContender.prepare(
                    directory.path(),
                    IN_FLIGHT,
                    Cores.SHARED,
                    "--sluice.dispatch.lane-backlog=20000")
                .jvm("-Xmx320m")
                .start();
        SluiceClient client = new SluiceClient(process.uri())) {
      warmUp(client);
      var _ = round(client, sink, process, FIRST_ITEMS);
      for (int round = 0; round < Math.min(MOST_ROUNDS, plan.rounds()); round++) {
        measured.add(
            round(client, sink, process, items), ProcessCost.peakResidentMebibytes(process.pid()));
      }
    }
    return section();
  }

  /** Warms the JVM quickly: a destination that answers at once, few connections. */
  private void warmUp(SluiceClient client) {
    if (plan.warmUpItems() == 0) {
      return;
    }
    try (SinkProcess fast = SinkProcess.start(Cores.SHARED)) {
      String line = SluiceContender.line(fast.url(), plan.bodyBytes());
      String id = client.submit(plan.warmUpItems(), "concurrency=64", _ -> line);
      var _ = client.awaitFinished(id, Plan.LIMIT);
    }
  }

  private Round round(SluiceClient client, SinkProcess sink, SluiceProcess process, int count) {
    long before = sink.seen().requests();
    String id =
        client.submit(
            count,
            "expectedItems=" + count,
            _ -> SluiceContender.line(sink.url(), plan.bodyBytes()));
    List<double[]> samples = new ArrayList<>();
    long startedNanos = System.nanoTime();
    long cpuMicros = ProcessCost.of(process.pid()).cpuMicros();
    long seen = 0;
    while (seen < count) {
      seen = sink.seen().requests() - before;
      double seconds = (System.nanoTime() - startedNanos) / 1e9;
      samples.add(new double[] {seconds, (double) seen});
      if (seconds > Plan.LIMIT.toSeconds()) {
        throw new IllegalStateException("%,d of %,d items arrived".formatted(seen, count));
      }
      LockSupport.parkNanos(SAMPLE_NANOS);
    }
    JsonNode batch = client.awaitFinished(id, Plan.LIMIT);
    long usedMicros = ProcessCost.of(process.pid()).cpuMicros() - cpuMicros;
    if (batch.path("counts").path("succeeded").asLong() != count) {
      throw new IllegalStateException("Not every item succeeded: " + batch.path("counts"));
    }
    curve = samples;
    int first = Math.min(UNMEASURED_WAVES, count / IN_FLIGHT - 2) * IN_FLIGHT;
    int last = count - IN_FLIGHT;
    double seconds = when(samples, last) - when(samples, first);
    return new Round(
        last - first, seconds, usedMicros * (last - first) / count, Round.Percentiles.UNKNOWN, 0);
  }

  /** Gives the second at which so many had arrived, between two samples in proportion. */
  private static double when(List<double[]> samples, double requests) {
    double[] previous = {0, 0};
    for (double[] sample : samples) {
      if (sample[1] >= requests) {
        return previous[0]
            + (sample[0] - previous[0]) * (requests - previous[1]) / (sample[1] - previous[1]);
      }
      previous = sample;
    }
    throw new IllegalStateException(
        "Fewer than %,.0f requests, indicates a bug".formatted(requests));
  }

  private Section section() {
    double speed = measured.median(Round::itemsPerSecond);
    return new Section(
            "10,000 in flight",
            ("A destination answers every request after one second, and up to 10,000 may be in"
                    + " flight to it: at best 10,000 requests a second arrive. %,d items a round, %d"
                    + " rounds in one process with a heap of 320 MiB. The rate is taken at the"
                    + " destination, from its %,dth request to the one that is 10,000 from the end, so"
                    + " that opening the connections and running out of work do not count. The picture"
                    + " shows the arrivals of the last round from its beginning.")
                .formatted(
                    items, Math.min(MOST_ROUNDS, plan.rounds()), UNMEASURED_WAVES * IN_FLIGHT))
        .add(
            new Section.Table(
                    "10,000 in flight", "items/s", "of the ideal", "CPU µs/item", "peak MiB")
                .row(
                    "Sluice",
                    Section.number(speed),
                    Section.number(speed / IDEAL),
                    Section.number(measured.median(Round::cpuMicrosPerItem)),
                    Long.toString(measured.peakResidentMebibytes())))
        .add(
            Chart.lines(
                "Requests that had arrived",
                "seconds since the batch was accepted",
                "requests",
                List.of(new Chart.Line("Sluice", everySoMuch(curve)))))
        .add(
            Section.Finding.atLeast(
                "10,000 in flight, 1 s each: items/s ÷ ideal", speed / IDEAL, 0.9, Double.NaN))
        .add(
            Section.Finding.atMost(
                "10,000 in flight: peak resident MiB",
                (double) measured.peakResidentMebibytes(),
                600,
                Double.NaN));
  }

  private static List<double[]> everySoMuch(List<double[]> samples) {
    int step = Math.max(1, samples.size() / 60);
    List<double[]> some = new ArrayList<>();
    for (int i = 0; i < samples.size(); i += step) {
      some.add(samples.get(i));
    }
    return some;
  }
}
