package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.PostgresServer;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import tools.jackson.databind.JsonNode;

/** Three processes with nothing between them but one PostgreSQL, and one limit for all. */
@Isolated("it bounds from below what a rate lets through, however busy the machine is")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SharedLimitsIT {

  private static final int REPLICAS = 3;
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final List<SluiceProcess> replicas = new ArrayList<>();
  private final PostgresServer.Database database = PostgresServer.shared().newDatabase();
  private SluiceClient client;

  @BeforeAll
  void start(@TempDir Path directory) {
    List<String> arguments = new ArrayList<>(database.arguments());
    // No other limit is to be seen: what a destination takes is not found out on a busy machine.
    arguments.add("--sluice.dispatch.concurrency=64");
    for (int i = 0; i < REPLICAS; i++) {
      replicas.add(SluiceProcess.in(directory, arguments.toArray(String[]::new)).launch());
    }
    replicas.forEach(replica -> assertThat(replica.becomesReady()).isTrue());
    client = new SluiceClient(replicas.getFirst().uri());
    warmUp();
  }

  /** A process that has just started cannot use its share yet. */
  private void warmUp() {
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200))) {
      client.awaitFinished(client.submit(6_000, "rate.permits=1500", _ -> item(target)), LIMIT);
    }
  }

  @AfterAll
  void stop() {
    client.close();
    replicas.forEach(SluiceProcess::close);
    PostgresServer.shared().drop(database);
  }

  /** When each request came, in order. */
  private static final class Arrivals {
    private final ConcurrentLinkedQueue<Long> times = new ConcurrentLinkedQueue<>();

    Script.Reply reply() {
      times.add(System.nanoTime());
      return Script.Reply.of(200).after(Duration.ofMillis(20));
    }

    /** Gives the fewest and the most that came in any ten seconds of those between two times. */
    long[] inTenSeconds(long from, long to) {
      long[] sorted = times.stream().mapToLong(Long::longValue).sorted().toArray();
      long fewest = Long.MAX_VALUE;
      long most = 0;
      for (long start = from; start + 10 * SECOND <= to; start += SECOND / 100) {
        long count = before(sorted, start + 10 * SECOND) - before(sorted, start);
        fewest = Math.min(fewest, count);
        most = Math.max(most, count);
      }
      return new long[] {fewest, most};
    }

    long between(long from, long to) {
      return times.stream().filter(time -> time >= from && time < to).count();
    }

    private static long before(long[] sorted, long time) {
      int found = Arrays.binarySearch(sorted, time);
      return found < 0 ? -found - 1L : found;
    }
  }

  private static String item(TargetServer target) {
    return "{\"url\":\"" + target.url("/x") + "\",\"body\":{\"n\":1}}";
  }

  @Test
  void theRateOfABatchHoldsOverAllReplicasAndIsUsed() {
    int total = 12_500;
    Arrivals arrivals = new Arrivals();
    try (TargetServer target = TargetServer.start().on("/x", _ -> arrivals.reply())) {
      String id = client.submit(total, "rate.permits=500", _ -> item(target));
      JsonNode batch = client.awaitFinished(id, LIMIT);
      long end = System.nanoTime();
      Results.of(client, id, total).agreeWith(batch);
      assertThat(target.ledger(id).requestCount()).isEqualTo(total);
      long first = arrivals.times.peek();
      long last = first + SECOND * total / 500;
      long[] all = arrivals.inTenSeconds(first - SECOND, end);
      long[] settled = arrivals.inTenSeconds(first + 3 * SECOND, last - 2 * SECOND);
      System.out.printf(
          "500/s over %d replicas: %d to %d in any 10 s%n", REPLICAS, settled[0], all[1]);
      assertThat(all[1]).as("most in 10 s").isLessThanOrEqualTo(5250);
      assertThat(settled[0]).as("fewest in 10 s").isGreaterThanOrEqualTo(4750);
      assertThat(replicas)
          .allSatisfy(replica -> assertThat(attempts(replica)).isGreaterThan(2_000L));
    }
  }

  private static long attempts(SluiceProcess replica) {
    return Metrics.scrape(replica).sum("sluice_attempts_started_total");
  }

  @Test
  void theShareOfAReplicaThatDiesIsForTheOthers() {
    int total = 20_000;
    Arrivals arrivals = new Arrivals();
    SluiceProcess dying = replicas.getLast();
    try (TargetServer target = TargetServer.start().on("/x", _ -> arrivals.reply())) {
      String id = client.submit(total, "rate.permits=500", _ -> item(target));
      client.awaitBatch(id, LIMIT, batch -> succeeded(batch) > 3_000);
      dying.kill();
      long killed = System.nanoTime();
      client.awaitBatch(id, LIMIT, batch -> succeeded(batch) > 10_500);
      long end = System.nanoTime();
      assertThat(client.post("/v1/batches/" + id + "/cancel").status()).isEqualTo(200);
      long[] all = arrivals.inTenSeconds(killed - 20 * SECOND, end);
      long[] after = arrivals.inTenSeconds(killed + 7 * SECOND / 2, end);
      System.out.printf("After a kill: %d to %d in any 10 s%n", after[0], all[1]);
      assertThat(all[1]).as("most in 10 s").isLessThanOrEqualTo(5250);
      assertThat(after[0]).as("fewest in 10 s").isBetween(4750L, 5250L);
    } finally {
      dying.start();
    }
  }

  private static int succeeded(JsonNode batch) {
    return batch.path("counts").path("succeeded").asInt();
  }

  @Test
  void aDestinationThatAsksOneReplicaToWaitIsLeftAloneByAll() {
    Arrivals arrivals = new Arrivals();
    AtomicInteger count = new AtomicInteger();
    AtomicLong asked = new AtomicLong();
    try (TargetServer target =
        TargetServer.start()
            .on(
                "/x",
                _ -> {
                  if (count.incrementAndGet() == 500) {
                    asked.set(System.nanoTime());
                    return Script.Reply.of(429).header("Retry-After", "4");
                  }
                  return arrivals.reply();
                })) {
      String id = client.submit(1_000, "rate.permits=200", _ -> item(target));
      client.awaitFinished(id, LIMIT);
      long from = asked.get();
      assertThat(arrivals.between(from + SECOND, from + 7 * SECOND / 2))
          .as("came while they were asked to wait")
          .isZero();
      assertThat(arrivals.between(from + 4 * SECOND, from + 6 * SECOND))
          .as("came once the wait was over")
          .isBetween(200L, 440L);
    }
  }

  @Test
  void theConcurrencyOfABatchHoldsOverAllReplicas() {
    int total = 2_000;
    try (TargetServer target =
        TargetServer.start().on("/x", _ -> Script.Reply.of(200).after(Duration.ofMillis(20)))) {
      String id = client.submit(total, "concurrency=10", _ -> item(target));
      JsonNode batch = client.awaitFinished(id, LIMIT);
      Results.of(client, id, total).agreeWith(batch);
      System.out.printf("Most in flight of 10: %d%n", target.mostInFlight());
      assertThat(target.mostInFlight()).isBetween(8, 10);
    }
  }

  @Test
  void onePlaceIsForAllReplicasInTurn() {
    int total = 150;
    try (TargetServer target =
        TargetServer.start().on("/x", _ -> Script.Reply.of(200).after(Duration.ofMillis(20)))) {
      String id = client.submit(total, "concurrency=1", _ -> item(target));
      client.awaitFinished(id, LIMIT);
      assertThat(target.mostInFlight()).isEqualTo(1);
    }
  }
}
