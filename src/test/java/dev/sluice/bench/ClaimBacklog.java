package dev.sluice.bench;

import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What a claim takes while ten thousand shards wait, over a long run: where dead rows pile up in a
 * table or an index, claims grow slower.
 */
final class ClaimBacklog {

  private static final int CONCURRENCY = 64;
  private static final int SHARD_ITEMS = 500;
  private static final int BATCHES = 10;
  private static final int QUARTERS = 4;
  private static final double PERCENTILE = 0.99;

  /** A destination that answers at once would take all of the machine. */
  private static final Duration DELAY = Duration.ofMillis(5);

  private static final int BACKLOG = Integer.getInteger("bench.claimShards", 10_000);
  private static final Duration LENGTH =
      Duration.ofSeconds(Integer.getInteger("bench.claimSeconds", 600));

  private final SluiceProcess process;
  private final SluiceClient client;
  private final String line;
  private long submitted;

  private ClaimBacklog(SluiceProcess process, SluiceClient client, String url) {
    this.process = process;
    this.client = client;
    this.line = "{\"url\":\"%s\"}".formatted(url);
  }

  /** Claims of a span: how many took at most so many seconds. */
  private record Claims(Map<Double, Double> counts) {

    static Claims scrape(SluiceProcess process) {
      Map<Double, Double> counts = new TreeMap<>();
      Metrics.scrape(process)
          .series()
          .forEach(
              (series, count) -> {
                if (series.startsWith("sluice_claim_duration_seconds_bucket{")
                    && series.contains("answered=\"true\"")) {
                  String bound = series.replaceAll(".*le=\"([^\"]+)\".*", "$1");
                  counts.put(
                      bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound),
                      count);
                }
              });
      return new Claims(counts);
    }

    Claims since(Claims earlier) {
      Map<Double, Double> fresh = new TreeMap<>();
      counts.forEach(
          (bound, count) -> fresh.put(bound, count - earlier.counts.getOrDefault(bound, 0.0)));
      return new Claims(fresh);
    }

    double count() {
      return counts.getOrDefault(Double.POSITIVE_INFINITY, 0.0);
    }

    /** Gives a percentile in milliseconds, evenly spread within its bucket. */
    double millis(double share) {
      double wanted = share * count();
      double lowerBound = 0;
      double below = 0;
      for (Map.Entry<Double, Double> bucket : counts.entrySet()) {
        if (bucket.getValue() >= wanted) {
          double upperBound =
              bucket.getKey().isInfinite() ? lowerBound : bucket.getKey().doubleValue();
          double inside = bucket.getValue() - below;
          double part = inside == 0 ? 1 : (wanted - below) / inside;
          return 1e3 * (lowerBound + part * (upperBound - lowerBound));
        }
        lowerBound = bucket.getKey();
        below = bucket.getValue();
      }
      return Double.NaN;
    }
  }

  /** Runs it for ten minutes, or {@code bench.claimSeconds}. */
  static Section run(Plan plan) throws IOException {
    try (Database database = Database.start();
        RunDirectory directory = RunDirectory.of(plan, "claims");
        SinkProcess sink = SinkProcess.start(Cores.SHARED, 1, DELAY);
        SluiceProcess process =
            SluiceContender.prepare(
                    directory.path(), CONCURRENCY, Cores.SHARED, database.arguments())
                .start();
        SluiceClient client = new SluiceClient(process.uri())) {
      ClaimBacklog scenario = new ClaimBacklog(process, client, sink.url());
      scenario.warmUp(plan);
      return section(database, scenario.quarters());
    }
  }

  private void warmUp(Plan plan) {
    if (plan.warmUpItems() > 0) {
      int items = plan.warmUpItems();
      submitted += items;
      var _ = client.awaitFinished(client.submit(items, "", _ -> line), Plan.LIMIT);
    }
  }

  private List<Claims> quarters() {
    fill();
    List<Claims> quarters = new ArrayList<>();
    Claims last = Claims.scrape(process);
    for (int quarter = 1; quarter <= QUARTERS; quarter++) {
      long end = System.nanoTime() + LENGTH.dividedBy(QUARTERS).toNanos();
      while (System.nanoTime() < end) {
        fill();
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
      }
      Claims now = Claims.scrape(process);
      quarters.add(now.since(last));
      last = now;
    }
    return quarters;
  }

  /** Keeps the backlog within a tenth. */
  private void fill() {
    int items = BACKLOG / BATCHES * SHARD_ITEMS;
    long settled = Metrics.scrape(process).sum("sluice_items_settled_total");
    while (submitted - settled <= (long) items * (BATCHES - 1)) {
      var _ = client.submit(items, "expectedItems=" + items, _ -> line);
      submitted += items;
      settled = Metrics.scrape(process).sum("sluice_items_settled_total");
    }
  }

  private static Section section(Database database, List<Claims> quarters) {
    Section.Table table = new Section.Table("quarter", "claims", "p50 ms", "p99 ms");
    for (int i = 0; i < quarters.size(); i++) {
      Claims quarter = quarters.get(i);
      table.row(
          Integer.toString(i + 1),
          Section.number(quarter.count()),
          Section.number(quarter.millis(0.5)),
          Section.number(quarter.millis(PERCENTILE)));
    }
    double first = quarters.getFirst().millis(PERCENTILE);
    double last = quarters.getLast().millis(PERCENTILE);
    return new Section(
            "Claims while %,d shards wait".formatted(BACKLOG),
            ("One replica on PostgreSQL %s sends to one destination that takes %d ms, %d in flight,"
                    + " for %d s, and as many shards of %d items as it settles are submitted anew, in"
                    + " batches of %,d. A claim here is what dispatch waits for: the statements of up"
                    + " to four shards, their commit, and the reading of their payloads. From the"
                    + " histogram sluice_claim_duration_seconds.")
                .formatted(
                    database.version(),
                    DELAY.toMillis(),
                    CONCURRENCY,
                    LENGTH.toSeconds(),
                    SHARD_ITEMS,
                    BACKLOG / BATCHES))
        .add(table)
        .add(
            Section.Finding.atMost(
                "claim p99, last quarter ÷ first", last / first, 1.3, Double.NaN));
  }
}
