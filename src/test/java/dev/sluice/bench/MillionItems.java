package dev.sluice.bench;

import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import tools.jackson.databind.JsonNode;

/** A large batch in a small heap: what stays alive must not grow with the work that was done. */
final class MillionItems {

  private static final int SAMPLES = 10;
  private static final int SCALE = 5;
  private static final double BYTES_PER_MEBIBYTE = 1 << 20;

  private final Plan plan;
  private final int items;
  private final List<double[]> liveMebibytes = new ArrayList<>();

  private MillionItems(Plan plan) {
    this.plan = plan;
    this.items = plan.items() * SCALE;
  }

  /** Runs it with {@code -Xmx256m}. */
  static Section run(Plan plan) throws IOException {
    return new MillionItems(plan).measure();
  }

  private Section measure() throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "million");
        SinkProcess sink = SinkProcess.start(Cores.SHARED);
        SluiceProcess process =
            SluiceContender.prepare(directory.path(), 64, Cores.SHARED).jvm("-Xmx256m").start();
        SluiceClient client = new SluiceClient(process.uri())) {
      IntFunction<String> lines = Events.lines(sink.url(), plan.bodyBytes());
      long startedNanos = System.nanoTime();
      String id = client.submit(items, "expectedItems=" + items, lines);
      double intakeSeconds = (System.nanoTime() - startedNanos) / 1e9;
      for (int sample = 1; sample <= SAMPLES; sample++) {
        long wanted = (long) items * sample / SAMPLES;
        JsonNode batch =
            client.awaitBatch(
                id, Plan.LIMIT, now -> now.path("counts").path("succeeded").asLong() >= wanted);
        liveMebibytes.add(
            new double[] {batch.path("counts").path("succeeded").asDouble(), oldAfterGc(process)});
      }
      JsonNode batch = client.awaitFinished(id, Plan.LIMIT);
      if (batch.path("counts").path("succeeded").asLong() != items
          || sink.seen().requests() != items) {
        throw new IllegalStateException(
            "Not every item succeeded at its first try: " + batch.path("counts"));
      }
      double dispatchSeconds =
          Duration.between(
                      Instant.parse(batch.path("sealedAt").asString()),
                      Instant.parse(batch.path("finishedAt").asString()))
                  .toMillis()
              / 1e3;
      return section(
          intakeSeconds, dispatchSeconds, ProcessCost.peakResidentMebibytes(process.pid()));
    }
  }

  /** Collects everything, then gives what is left in the old generation. */
  private static double oldAfterGc(SluiceProcess process) {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    try {
      int exit =
          new ProcessBuilder(jcmd.toString(), Long.toString(process.pid()), "GC.run")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start()
              .waitFor();
      if (exit != 0) {
        throw new IllegalStateException(jcmd + " ended with " + exit);
      }
    } catch (IOException failure) {
      throw new IllegalStateException("Could not run " + jcmd, failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while collecting garbage", interrupted);
    }
    return Metrics.scrape(process).sum("jvm_memory_used_bytes", "id=\"Tenured Gen\"")
        / BYTES_PER_MEBIBYTE;
  }

  private double highest(int from, int to) {
    return liveMebibytes.subList(from, to).stream()
        .mapToDouble(sample -> sample[1])
        .max()
        .orElse(Double.NaN);
  }

  private Section section(double intakeSeconds, double dispatchSeconds, long residentMebibytes) {
    Section.Table live = new Section.Table("items done", "old generation MiB");
    for (double[] sample : liveMebibytes) {
      live.row(Section.number(sample[0]), Section.number(sample[1]));
    }
    return new Section(
            "%,d items in a heap of 256 MiB".formatted(items),
            ("One batch of %,d items with bodies of %d B, accepted and sent with -Xmx256m, 64 in"
                    + " flight. After each tenth all garbage is collected and what is left in the old"
                    + " generation is noted: memory that grows with the work done would show as a"
                    + " rising line; the time of dispatch includes these pauses. Every item succeeded, and the"
                    + " destination saw each once.")
                .formatted(items, plan.bodyBytes()))
        .add(
            new Section.Table("Sluice, -Xmx256m", "intake s", "dispatch s", "peak resident MiB")
                .row(
                    "%,d items".formatted(items),
                    Section.number(intakeSeconds),
                    Section.number(dispatchSeconds),
                    Long.toString(residentMebibytes)))
        .add(live)
        .add(
            Chart.lines(
                "Old generation after a collection",
                "items done",
                "MiB",
                List.of(new Chart.Line("Sluice, -Xmx256m", liveMebibytes))))
        .add(
            Section.Finding.atMost(
                "%,d items, -Xmx256m: old generation, second half ÷ first half".formatted(items),
                highest(SAMPLES / 2, SAMPLES) / highest(0, SAMPLES / 2),
                1.2,
                Double.NaN));
  }
}
