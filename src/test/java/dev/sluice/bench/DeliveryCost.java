package dev.sluice.bench;

import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a delivery guarantee costs: a batch that may be sent twice after a crash beside one that
 * must not be, and both beside an earlier build where one is named.
 */
final class DeliveryCost {

  private static final String AT_LEAST_ONCE = "at_least_once";
  private static final String AT_MOST_ONCE = "at_most_once";
  private static final String EARLIER = "at_least_once, the earlier build";

  private DeliveryCost() {}

  static Section run(Plan plan) throws IOException {
    Section section =
        new Section(
            "What a delivery guarantee costs",
            ("From the first byte of the POST to the last outcome on disk; %,d items of %d B a"
                    + " round, %d rounds in turn after a warm-up of %,d each.%s")
                .formatted(
                    plan.items(),
                    plan.bodyBytes(),
                    plan.rounds(),
                    plan.warmUpItems(),
                    plan.baseline() == null
                        ? " No earlier build was named: -Dbench.baseline."
                        : ""));
    for (int concurrency : plan.concurrencies()) {
      section.add(Measured.comparison(concurrency + " in flight", measure(plan, concurrency)));
    }
    return section;
  }

  private static List<Measured> measure(Plan plan, int concurrency) throws IOException {
    Path directory =
        Files.createDirectories(plan.directory().resolve("run").resolve("delivery-" + concurrency));
    List<Contender> contenders = new ArrayList<>();
    try (SinkProcess sink = SinkProcess.start(Cores.SHARED)) {
      SluiceContender now =
          contender(
              SluiceContender.prepare(
                  Files.createDirectories(directory.resolve("now")), concurrency, Cores.SHARED),
              sink,
              plan);
      contenders.add(variant(now, AT_LEAST_ONCE, AT_LEAST_ONCE));
      contenders.add(variant(now, AT_MOST_ONCE, AT_MOST_ONCE));
      Path baseline = plan.baseline();
      if (baseline != null) {
        SluiceProcess earlier =
            SluiceContender.prepare(
                    Files.createDirectories(directory.resolve("earlier")),
                    concurrency,
                    Cores.SHARED)
                .from(baseline);
        contenders.add(variant(contender(earlier, sink, plan), EARLIER, AT_LEAST_ONCE));
      }
      return Contender.inTurn(contenders, plan, concurrency);
    } finally {
      contenders.forEach(Contender::close);
      Directories.delete(directory);
    }
  }

  private static SluiceContender contender(SluiceProcess process, SinkProcess sink, Plan plan) {
    return new SluiceContender(process.start(), sink.url(), plan.bodyBytes());
  }

  private static Contender variant(SluiceContender sluice, String name, String delivery) {
    return new Variant(sluice, name, "delivery=" + delivery);
  }
}
