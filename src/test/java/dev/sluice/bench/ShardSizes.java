package dev.sluice.bench;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import tools.jackson.databind.JsonNode;

/**
 * What it costs when work lies in the store in small pieces. A chunk is stored whole before it is
 * answered, so chunks to one destination make shards of their own size, 500 items at most.
 */
final class ShardSizes {

  private static final List<Integer> SIZES = List.of(10, 50, 250, 500);
  private static final List<Integer> CONCURRENCIES = List.of(64, 256);
  private static final int MOST_ITEMS = 50_000;
  private static final int MOST_CHUNKS = 1_000;
  private static final int MOST_ROUNDS = 3;

  private final Plan plan;
  private final Map<Integer, List<Measured>> bySize = new TreeMap<>();

  private ShardSizes(Plan plan) {
    this.plan = plan;
    SIZES.forEach(size -> bySize.put(size, new ArrayList<>()));
  }

  /** Runs it with 64 and 256 in flight. */
  static Section run(Plan plan) throws IOException {
    ShardSizes scenario = new ShardSizes(plan);
    for (int concurrency : CONCURRENCIES) {
      scenario.measure(concurrency);
    }
    return scenario.section();
  }

  private void measure(int concurrency) throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "shards");
        SinkProcess sink = SinkProcess.start(Cores.SHARED);
        SluiceProcess process =
            SluiceContender.prepare(directory.path(), concurrency, Cores.SHARED).start();
        SluiceClient client = new SluiceClient(process.uri())) {
      IntFunction<String> lines = Events.lines(sink.url(), plan.bodyBytes());
      String warmUp = client.submit(Math.max(1, plan.warmUpItems()), "", lines);
      var _ = client.awaitFinished(warmUp, Plan.LIMIT);
      bySize.values().forEach(column -> column.add(new Measured(concurrency + " in flight")));
      for (int round = 0; round < Math.min(MOST_ROUNDS, plan.rounds()); round++) {
        for (int size : SIZES) {
          bySize
              .get(size)
              .getLast()
              .add(
                  round(client, process, lines, size),
                  ProcessCost.peakResidentMebibytes(process.pid()));
        }
      }
    }
  }

  private int items(int size) {
    int items = Math.min(Math.min(MOST_ITEMS, plan.items()), size * MOST_CHUNKS);
    return Math.max(size, items / size * size);
  }

  private Round round(
      SluiceClient client, SluiceProcess process, IntFunction<String> lines, int size) {
    int items = items(size);
    String id = expect(201, client.post("/v1/batches", "{\"open\":true}")).batchId();
    for (int offset = 0; offset < items; offset += size) {
      var _ =
          expect(
              200,
              client.send(
                  client
                      .request("/v1/batches/" + id + "/items?offset=" + offset)
                      .header("Content-Type", "application/x-ndjson")
                      .POST(SluiceClient.lines(size, lines))));
    }
    long cpuMicros = ProcessCost.of(process.pid()).cpuMicros();
    var _ =
        expect(
            202,
            client.post("/v1/batches/" + id + "/seal", "{\"expectedItems\":%d}".formatted(items)));
    JsonNode batch = client.awaitFinished(id, Plan.LIMIT);
    long usedMicros = ProcessCost.of(process.pid()).cpuMicros() - cpuMicros;
    double seconds = SluiceContender.dispatchSeconds(batch);
    return new Round(
            items,
            seconds,
            usedMicros,
            Round.Percentiles.UNKNOWN,
            items - batch.path("counts").path("succeeded").asLong())
        .withoutErrors();
  }

  private static SluiceClient.Answer expect(int status, SluiceClient.Answer answer) {
    if (answer.status() != status) {
      throw new IllegalStateException(
          "%d instead of %d: %s".formatted(answer.status(), status, answer.json()));
    }
    return answer;
  }

  private Section section() {
    List<String> columns = new ArrayList<>(List.of("items of a shard", "items"));
    for (int concurrency : CONCURRENCIES) {
      columns.add("items/s, " + concurrency + " in flight");
      columns.add("CPU µs/item, " + concurrency + " in flight");
    }
    Section.Table table = new Section.Table(columns.toArray(String[]::new));
    List<Chart.Bar> bars = new ArrayList<>();
    bySize.forEach(
        (size, cells) -> {
          List<String> row =
              new ArrayList<>(List.of(Integer.toString(size), "%,d".formatted(items(size))));
          for (Measured cell : cells) {
            row.add(Section.number(cell.median(Round::itemsPerSecond)));
            row.add(Section.number(cell.median(Round::cpuMicrosPerItem)));
            bars.add(
                new Chart.Bar(
                    size + " items, " + cell.name(), cell.median(Round::cpuMicrosPerItem)));
          }
          table.row(row.toArray(String[]::new));
        });
    return new Section(
            "Size of the stored pieces",
            ("Sluice keeps items in shards: up to 500 for one destination, encoded together and"
                    + " claimed together. A large upload fills them; many small chunks make small ones."
                    + " Here chunks of a chosen size are appended to an open batch, and the time runs"
                    + " from its seal to the last outcome: what small shards cost when they are"
                    + " dispatched. Median of %d rounds in turns.")
                .formatted(Math.min(MOST_ROUNDS, plan.rounds())))
        .add(table)
        .add(Chart.bars("CPU per item dispatched (less is better)", "µs", bars));
  }
}
