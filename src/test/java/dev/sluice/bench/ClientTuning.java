package dev.sluice.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the way of using {@code WebClient} costs, before any service is built around it. */
final class ClientTuning {

  private static final Map<String, String> KINDS = new LinkedHashMap<>();
  private static final List<Integer> CONCURRENCIES = List.of(64, 256);

  static {
    KINDS.put("webclient-default", "WebClient.create() in one flatMap");
    KINDS.put("webclient", "exchange function, prepared request");
  }

  private ClientTuning() {}

  /** Runs it with 64 and 256 in flight. */
  static Section run(Plan plan) {
    Section section =
        new Section(
            "One client, used in two ways",
            ("WebClient as the first page of its documentation shows it, against the exchange"
                    + " function beneath it with a request that is prepared once, a pool that hands out"
                    + " the connection used last, and a next request that starts where the last one"
                    + " ended. Neither stores or reports anything. %,d requests with a body of %d B a"
                    + " round, %d rounds in turns after a warm-up of %,d.")
                .formatted(plan.items(), plan.bodyBytes(), plan.rounds(), plan.warmUpItems()));
    for (int concurrency : CONCURRENCIES) {
      report(section, concurrency, measure(plan, concurrency));
    }
    return section;
  }

  private static List<Measured> measure(Plan plan, int concurrency) {
    List<Contender> contenders = new ArrayList<>();
    try (SinkProcess sink = SinkProcess.start(Cores.SHARED)) {
      KINDS.forEach(
          (kind, name) ->
              contenders.add(
                  SenderProcess.java(name, kind, Cores.SHARED, sink.url(), plan.bodyBytes())));
      List<Measured> all = Contender.inTurn(contenders, plan, concurrency);
      all.forEach(Measured::requireNoErrors);
      return all;
    } finally {
      contenders.forEach(Contender::close);
    }
  }

  private static void report(Section section, int concurrency, List<Measured> all) {
    Section.Table table =
        new Section.Table(
            concurrency + " in flight",
            "items/s",
            "CPU µs/item",
            "p50 ms",
            "p99 ms",
            "peak MiB",
            "items/s ÷ first");
    for (Measured one : all) {
      table.row(
          one.name(),
          Section.number(one.median(Round::itemsPerSecond)),
          Section.number(one.median(Round::cpuMicrosPerItem)),
          Section.number(one.median(round -> round.exchange().p50())),
          Section.number(one.median(round -> round.exchange().p99())),
          Long.toString(one.peakResidentMebibytes()),
          Section.number(one.ratioTo(all.getFirst(), Round::itemsPerSecond)));
    }
    section.add(table);
    section.add(
        Chart.bars(
            "Speed, " + concurrency + " in flight",
            "items/s",
            all.stream()
                .map(one -> new Chart.Bar(one.name(), one.median(Round::itemsPerSecond)))
                .toList()));
  }
}
