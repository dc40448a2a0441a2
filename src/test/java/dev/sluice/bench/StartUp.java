package dev.sluice.bench;

import dev.sluice.fixture.AheadOfTime;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** How long until it is ready, and what the first items cost, with and without what helps. */
final class StartUp {

  private static final int CONCURRENCY = 64;
  private static final int FIRST_ITEMS = 50_000;

  private StartUp() {}

  /** A way to start Sluice. */
  private record Way(String name, UnaryOperator<SluiceProcess> change) {}

  static Section run(Plan plan) throws IOException {
    Path directory = Files.createDirectories(plan.directory().resolve("run").resolve("start"));
    try {
      AheadOfTime cache = JvmOptions.train(directory);
      List<Way> ways =
          List.of(
              new Way("java -jar", UnaryOperator.identity()),
              new Way("java -jar, options of the image", process -> process.jvm(JvmOptions.and())),
              new Way(
                  "extracted, options of the image, AOT cache",
                  process -> cache.prepare(process.jvm(JvmOptions.and()))));
      return report(plan, directory, ways);
    } finally {
      Directories.delete(directory);
    }
  }

  private static Section report(Plan plan, Path directory, List<Way> ways) throws IOException {
    Section section =
        new Section(
            "From start to ready, and the first items",
            ("Start to readiness probe, median of %d starts in turn. Then the first %,d items of a"
                    + " fresh process against the same process after %,d more: a JVM pays for its"
                    + " compiler first. The AOT cache was trained with a run of the demo.")
                .formatted(plan.rounds(), FIRST_ITEMS, plan.warmUpItems()));
    List<List<Double>> seconds = new ArrayList<>();
    ways.forEach(_ -> seconds.add(new ArrayList<>()));
    for (int round = 0; round < plan.rounds(); round++) {
      for (int way = 0; way < ways.size(); way++) {
        seconds.get(way).add(start(directory, ways.get(way)));
      }
    }
    Section.Table table =
        new Section.Table(
            "started as", "ready after s", "first items, CPU µs", "warm, CPU µs", "ratio");
    double plain = Double.NaN;
    for (int way = 0; way < ways.size(); way++) {
      double ready =
          Measured.medianOf(seconds.get(way).stream().mapToDouble(Double::doubleValue).toArray());
      double[] costs = firstAndWarm(plan, directory, ways.get(way));
      table.row(
          ways.get(way).name,
          Section.number(ready),
          Section.number(costs[0]),
          Section.number(costs[1]),
          Section.number(costs[0] / costs[1]));
      if (way == 0) {
        plain = ready;
      }
      if (way == ways.size() - 1) {
        section.add(
            Section.Finding.atMost(
                "Start to ready, AOT cache ÷ java -jar", ready / plain, 0.5, Double.NaN));
        section.add(
            Section.Finding.atMost(
                "First 50,000 items ÷ warm, CPU, AOT cache", costs[0] / costs[1], 5, 3));
      }
    }
    return section.add(table);
  }

  private static double start(Path directory, Way way) {
    long begun = System.nanoTime();
    try (SluiceProcess _ = way.change.apply(SluiceProcess.in(directory)).start()) {
      return (System.nanoTime() - begun) / 1e9;
    }
  }

  /** Gives CPU µs per item of the first items and of later ones; medians of three processes. */
  private static double[] firstAndWarm(Plan plan, Path directory, Way way) {
    int processes = Math.min(3, plan.rounds());
    double[] first = new double[processes];
    double[] warm = new double[processes];
    for (int i = 0; i < processes; i++) {
      SluiceProcess process =
          way.change.apply(
              SluiceProcess.in(directory, "--sluice.dispatch.concurrency=" + CONCURRENCY));
      try (SinkProcess sink = SinkProcess.start(Cores.SHARED);
          SluiceContender sluice =
              new SluiceContender(process.start(), sink.url(), plan.bodyBytes())) {
        first[i] = sluice.send(FIRST_ITEMS, CONCURRENCY).getLast().cpuMicrosPerItem();
        sluice.send(plan.warmUpItems(), CONCURRENCY);
        warm[i] = sluice.send(plan.items(), CONCURRENCY).getLast().cpuMicrosPerItem();
      }
    }
    return new double[] {Measured.medianOf(first), Measured.medianOf(warm)};
  }
}
