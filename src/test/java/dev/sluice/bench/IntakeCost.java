package dev.sluice.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** What taking a batch in costs, against the least that any durable intake has to do. */
final class IntakeCost {

  private static final int CONCURRENCY = 64;

  private IntakeCost() {}

  /** Runs it, in turns. */
  static Section run(Plan plan) throws IOException {
    Measured sluice = new Measured("Sluice, POST to its answer");
    Measured floor = new Measured("token walk and insert");
    try (RunDirectory directory = RunDirectory.of(plan, "intake");
        SinkProcess sink = SinkProcess.start(Cores.SHARED);
        SluiceContender contender =
            new SluiceContender(
                SluiceContender.prepare(directory.path(), CONCURRENCY, Cores.SHARED).start(),
                sink.url(),
                plan.bodyBytes());
        SenderProcess least =
            new SenderProcess(
                floor.name(),
                ChildProcess.java(
                    IntakeFloor.class,
                    JvmOptions.RECOMMENDED,
                    directory.path().resolve("floor.db").toString(),
                    sink.url(),
                    Integer.toString(plan.bodyBytes())),
                Map.of())) {
      if (plan.warmUpItems() > 0) {
        contender.send(plan.warmUpItems(), CONCURRENCY);
        least.send(plan.warmUpItems(), 1);
      }
      for (int round = 0; round < plan.rounds(); round++) {
        contender
            .send(plan.items(), CONCURRENCY)
            .forEach(
                result -> {
                  var _ = result.withoutErrors();
                });
        sluice.add(contender.intake(), ProcessCost.peakResidentMebibytes(contender.pid()));
        floor.add(
            least.send(plan.items(), 1).getFirst(), ProcessCost.peakResidentMebibytes(least.pid()));
      }
    }
    return section(plan, sluice, floor);
  }

  private static Section section(Plan plan, Measured sluice, Measured floor) {
    Section.Table table =
        new Section.Table("intake", "items/s", "CPU µs/item", "lowest–highest", "CPU ÷ the least");
    for (Measured one : List.of(sluice, floor)) {
      table.row(
          one.name(),
          Section.number(one.median(Round::itemsPerSecond)),
          Section.number(one.median(Round::cpuMicrosPerItem)),
          Section.number(one.lowest(Round::cpuMicrosPerItem))
              + "–"
              + Section.number(one.highest(Round::cpuMicrosPerItem)),
          Section.number(one.ratioTo(floor, Round::cpuMicrosPerItem)));
    }
    return new Section(
            "What intake costs",
            ("CPU of Sluice from the first byte of a POST of %,d items of %d B to its answer, when"
                    + " all of it is checked and on disk. Beside it the least that can be done: Jackson"
                    + " walks over the tokens of the same bytes, and SQLite gets them as blobs of 500"
                    + " items, eight in a transaction, with the same page size, log and fsync. The"
                    + " least has no HTTP, no checks, no destinations and no encoding. Both in a JVM of"
                    + " their own with the same options, %d rounds in turns after a warm-up of %,d"
                    + " items.")
                .formatted(plan.items(), plan.bodyBytes(), plan.rounds(), plan.warmUpItems()))
        .add(table)
        .add(
            Chart.bars(
                "CPU per item taken in (less is better)",
                "µs",
                List.of(
                    new Chart.Bar(sluice.name(), sluice.median(Round::cpuMicrosPerItem)),
                    new Chart.Bar(floor.name(), floor.median(Round::cpuMicrosPerItem)))))
        .add(
            Section.Finding.atMost(
                "intake CPU ÷ token walk and insert",
                sluice.ratioTo(floor, Round::cpuMicrosPerItem),
                2,
                Double.NaN));
  }
}
