package dev.sluice.bench;

import java.io.IOException;
import java.util.List;

/** What keeping connections gains, and how many Sluice opens when it is running. */
final class ConnectionReuse {

  private static final int CONCURRENCY = 64;

  /** Each short-lived connection keeps a local port busy for a while; there are about 28,000. */
  private static final int MOST_SHORT_LIVED = 10_000;

  private static final double PER = 1e6;

  private final Plan plan;
  private final Measured pooled = new Measured("WebClient's exchange function, pooled");
  private final Measured perRequest = new Measured("the same, a connection per request");
  private final Measured sluice = new Measured(SluiceContender.DISPATCH);

  private ConnectionReuse(Plan plan) {
    this.plan = plan;
  }

  /** Runs it with 64 in flight. */
  static Section run(Plan plan) throws IOException {
    ConnectionReuse scenario = new ConnectionReuse(plan);
    scenario.compare();
    return scenario.section(scenario.connectionsOfSluice());
  }

  private void compare() {
    try (SinkProcess sink = SinkProcess.start(Cores.SHARED);
        SenderProcess keeping = sender("webclient", sink);
        SenderProcess opening = sender("webclient-per-request", sink)) {
      int few = Math.min(MOST_SHORT_LIVED, plan.items());
      keeping.send(Math.max(1, plan.warmUpItems()), CONCURRENCY);
      opening.send(few, CONCURRENCY);
      for (int round = 0; round < plan.rounds(); round++) {
        measure(pooled, keeping, plan.items());
        long before = sink.seen().connections();
        measure(perRequest, opening, few);
        if (sink.seen().connections() - before < few) {
          throw new IllegalStateException("A connection was used twice, indicates a bug");
        }
      }
    }
  }

  private SenderProcess sender(String kind, SinkProcess sink) {
    return SenderProcess.java(kind, kind, Cores.SHARED, sink.url(), plan.bodyBytes());
  }

  private static void measure(Measured measured, SenderProcess sender, int items) {
    measured.add(
        sender.send(items, CONCURRENCY).getFirst().withoutErrors(),
        ProcessCost.peakResidentMebibytes(sender.pid()));
  }

  /** Gives how many connections were opened for a million requests after the warm-up. */
  private double connectionsOfSluice() throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "connections");
        SinkProcess sink = SinkProcess.start(Cores.SHARED);
        SluiceContender contender =
            new SluiceContender(
                SluiceContender.prepare(directory.path(), CONCURRENCY, Cores.SHARED).start(),
                sink.url(),
                plan.bodyBytes())) {
      contender.send(Math.max(1, plan.warmUpItems()), CONCURRENCY);
      Sink.Seen before = sink.seen();
      for (int round = 0; round < plan.rounds(); round++) {
        sluice.add(
            contender.send(plan.items(), CONCURRENCY).getLast().withoutErrors(),
            ProcessCost.peakResidentMebibytes(contender.pid()));
      }
      Sink.Seen after = sink.seen();
      return (after.connections() - before.connections())
          * PER
          / (after.requests() - before.requests());
    }
  }

  private Section section(double opened) {
    Section.Table table =
        new Section.Table(
            CONCURRENCY + " in flight",
            "items/s",
            "CPU µs/item",
            "p50 ms",
            "p99 ms",
            "opened per 10⁶");
    row(table, pooled, Double.NaN);
    row(table, perRequest, PER);
    row(table, sluice, opened);
    return new Section(
            "Connections kept and connections opened",
            ("The same client with a pool of kept connections and with a new connection for every"
                    + " request, in turns, %d rounds, %d in flight to a destination that answers at"
                    + " once. With new connections a round has %,d requests, otherwise %,d. Then"
                    + " Sluice alone: connections that the destination sees opened after the warm-up,"
                    + " for a million requests. Without TLS a new connection is cheap; with TLS the"
                    + " difference grows.")
                .formatted(
                    plan.rounds(),
                    CONCURRENCY,
                    Math.min(MOST_SHORT_LIVED, plan.items()),
                    plan.items()))
        .add(table)
        .add(
            Chart.bars(
                "Speed, " + CONCURRENCY + " in flight",
                "items/s",
                List.of(bar(pooled), bar(perRequest), bar(sluice))))
        .add(
            Section.Finding.atLeast(
                "kept connections ÷ one per request, items/s",
                pooled.ratioTo(perRequest, Round::itemsPerSecond),
                3,
                Double.NaN))
        .add(
            Section.Finding.atMost(
                "connections Sluice opens per 10⁶ requests, 64 in flight",
                opened,
                CONCURRENCY,
                Double.NaN));
  }

  private static void row(Section.Table table, Measured measured, double opened) {
    table.row(
        measured.name(),
        Section.number(measured.median(Round::itemsPerSecond)),
        Section.number(measured.median(Round::cpuMicrosPerItem)),
        Section.number(measured.median(round -> round.exchange().p50())),
        Section.number(measured.median(round -> round.exchange().p99())),
        Section.number(opened));
  }

  private static Chart.Bar bar(Measured measured) {
    return new Chart.Bar(measured.name(), measured.median(Round::itemsPerSecond));
  }
}
