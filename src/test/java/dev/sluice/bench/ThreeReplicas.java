package dev.sluice.bench;

import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import tools.jackson.databind.JsonNode;

/** Three processes on one PostgreSQL and nothing that goes wrong: nothing may be sent twice. */
final class ThreeReplicas {

  private static final int REPLICAS = 3;
  private static final int SCALE = 5;
  private static final int CONCURRENCY = 64;

  private final Plan plan;
  private final Database database;
  private final SinkProcess sink;
  private final List<SluiceProcess> replicas = new ArrayList<>();
  private final IntFunction<String> lines;
  private int connectionCount;

  private ThreeReplicas(Plan plan, Database database, SinkProcess sink) {
    this.plan = plan;
    this.database = database;
    this.sink = sink;
    this.lines = Events.lines(sink.url(), plan.bodyBytes());
  }

  private record Sent(
      long items, double seconds, long duplicates, long databaseCpuMicros, List<Long> settled) {

    double itemsPerSecond() {
      return items / seconds;
    }
  }

  /** Runs it with five times the items of a round. */
  static Section run(Plan plan) throws IOException {
    try (Database database = Database.start();
        RunDirectory directory = RunDirectory.of(plan, "replicas");
        SinkProcess sink = SinkProcess.start(Cores.SHARED)) {
      ThreeReplicas scenario = new ThreeReplicas(plan, database, sink);
      try {
        scenario.replicas.add(
            SluiceContender.prepare(
                    directory.path(), CONCURRENCY, Cores.SHARED, database.arguments())
                .start());
        return scenario.measure();
      } finally {
        scenario.replicas.forEach(SluiceProcess::close);
      }
    }
  }

  private Section measure() {
    try (SluiceClient client = new SluiceClient(replicas.getFirst().uri())) {
      warmUp(client);
      Sent alone = send(client, plan.items());
      while (replicas.size() < REPLICAS) {
        replicas.add(replicas.getFirst().rival().start());
      }
      warmUp(client);
      return section(alone, send(client, plan.items() * SCALE));
    }
  }

  private void warmUp(SluiceClient client) {
    if (plan.warmUpItems() > 0) {
      var _ = send(client, plan.warmUpItems() * replicas.size());
    }
  }

  private List<Long> settled() {
    return replicas.stream()
        .map(
            replica ->
                Metrics.scrape(replica).sum("sluice_items_settled_total", "state=\"succeeded\""))
        .toList();
  }

  private Sent send(SluiceClient client, int items) {
    long arrived = sink.seen().requests();
    List<Long> before = settled();
    long cpuMicros = database.cpuMicros();
    String id = client.submit(items, "expectedItems=" + items, lines);
    JsonNode batch = finished(client, id);
    cpuMicros = database.cpuMicros() - cpuMicros;
    if (batch.path("counts").path("succeeded").asLong() != items) {
      throw new IllegalStateException("Not every item succeeded: " + batch.path("counts"));
    }
    List<Long> after = settled();
    List<Long> shares = new ArrayList<>();
    for (int i = 0; i < after.size(); i++) {
      shares.add(after.get(i) - before.get(i));
    }
    return new Sent(
        items,
        SluiceContender.dispatchSeconds(batch),
        sink.seen().requests() - arrived - items,
        cpuMicros,
        shares);
  }

  private JsonNode finished(SluiceClient client, String id) {
    long deadline = System.nanoTime() + Plan.LIMIT.toNanos();
    while (System.nanoTime() < deadline) {
      JsonNode batch = client.batch(id);
      if (SluiceClient.isFinished(batch)) {
        return batch;
      }
      connectionCount = Math.max(connectionCount, database.connectionCount());
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
    }
    throw new IllegalStateException("Batch " + id + " did not finish within " + Plan.LIMIT);
  }

  private Section section(Sent alone, Sent together) {
    Section section =
        new Section(
            "Three replicas on one PostgreSQL",
            ("%,d items of %d B, submitted to one of three processes, %d in flight each, and"
                    + " nothing that goes wrong. Every item succeeded, so what the destination saw"
                    + " beyond their number was sent twice. Time runs from the seal to the last"
                    + " outcome. All of it, PostgreSQL %s and the destination included, shares the"
                    + " cores of one machine: more replicas are not more cores here.")
                .formatted(together.items, plan.bodyBytes(), CONCURRENCY, database.version()));
    Section.Table table =
        new Section.Table(
            "dispatch",
            "items",
            "items/s",
            "sent twice",
            "database CPU µs/item",
            "settled by each");
    row(table, "one replica", alone);
    row(table, "three replicas", together);
    return section
        .add(table)
        .add(
            new Section.Table("connections", "most at once", "of each replica")
                .row(
                    "three replicas",
                    Integer.toString(connectionCount),
                    Section.number(connectionCount / (double) REPLICAS)))
        .add(
            Section.Finding.atMost(
                "three replicas: items sent twice without faults",
                (double) together.duplicates,
                0,
                Double.NaN));
  }

  private static void row(Section.Table table, String name, Sent sent) {
    table.row(
        name,
        "%,d".formatted(sent.items),
        Section.number(sent.itemsPerSecond()),
        Long.toString(sent.duplicates),
        Section.number(sent.databaseCpuMicros / (double) sent.items),
        sent.settled.toString());
  }
}
