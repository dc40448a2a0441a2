package dev.sluice.store.jdbc;

import static dev.sluice.store.StoreFixture.ALPHA;
import static dev.sluice.store.StoreFixture.begin;
import static dev.sluice.store.StoreFixture.oneShot;
import static dev.sluice.store.StoreFixture.openUpload;
import static dev.sluice.store.StoreFixture.summary;

import com.sun.management.OperatingSystemMXBean;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.NewShard;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardEncoder;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.Settlement;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the store costs an item. Not part of the build, for it decides nothing: {@code ./mvnw test
 * -Dtest=StoreCosts} prints wall and CPU time per item of the third round; on PostgreSQL also what
 * its processes took.
 */
class StoreCosts {

  private static final int ITEMS = 200_000;
  private static final int PER_SHARD = 500;

  private final OperatingSystemMXBean machine =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private LongSupplier databaseMicros = () -> 0;

  @Test
  void printsCostsPerItemOnPostgres() {
    try (TestReplicas replicas = new TestReplicas(ProcessClock.system())) {
      PostgresStore store = replicas.open();
      databaseMicros = replicas.server()::cpuMicros;
      for (int round = 1; round <= 3; round++) {
        System.out.println("round " + round + " on PostgreSQL");
        round(store.roles());
      }
    }
  }

  @Test
  void printsCostsPerItem(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("costs/sluice.db");
    try (SqliteStore store = TestStores.open(file, ProcessClock.system())) {
      for (int round = 1; round <= 3; round++) {
        System.out.println("round " + round);
        round(store.roles());
      }
    }
    System.out.println("file MiB " + (Files.size(file) >> 20));
  }

  private void round(StoreRoles store) {
    List<NewShard> shards = measured("encode", StoreCosts::shards);
    BatchRef batch = begin(store.batchWriter(), oneShot(null));
    long upload = openUpload(store.batchWriter(), batch);
    measured(
        "append, 8 shards a call",
        () -> {
          for (int i = 0; i < shards.size(); i += 8) {
            store.batchWriter().append(upload, shards.subList(i, i + 8));
          }
          return 0;
        });
    store.batchWriter().commitAndSeal(upload, summary(ITEMS));
    long destination = store.batchReader().destination(ALPHA.key()).orElseThrow().id();
    List<ClaimedShard> claimed =
        measured(
            "claim, 4 shards a call",
            () -> {
              List<ClaimedShard> all = new ArrayList<>();
              List<ClaimedShard> next;
              do {
                next =
                    store
                        .shardQueue()
                        .claim(List.of(new ClaimRequest(destination, 2000, 64 << 20, Set.of())));
                all.addAll(next);
              } while (!next.isEmpty());
              return all;
            });
    List<List<Settlement>> flushes = measured("decode", () -> flushes(claimed));
    measured(
        "settle, 1,000 outcomes a call",
        () -> {
          for (List<Settlement> flush : flushes) {
            store.shardQueue().settle(flush);
          }
          return 0;
        });
    store.housekeeping().finish(List.of(batch.id()));
    measured(
        "results, 1,000 a page",
        () -> {
          long after = 0;
          boolean end = false;
          while (!end) {
            var page = store.batchReader().results(batch, ItemFilter.ALL, after, 1000, false);
            after = page.lastSeq();
            end = page.end();
          }
          return 0;
        });
  }

  private static List<NewShard> shards() {
    List<NewShard> shards = new ArrayList<>();
    byte[] body = new byte[300];
    for (long first = 0; first < ITEMS; first += PER_SHARD) {
      ShardEncoder encoder = new ShardEncoder(first);
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < PER_SHARD; i++) {
        String id = "order-" + (first + i);
        ids.add(id);
        encoder.add(
            new Item(
                first + i,
                id,
                new OutboundRequest(
                    "POST",
                    "/v1/orders/" + (first + i),
                    List.of(new Header("Content-Type", "application/json")),
                    BodyKind.JSON,
                    body),
                null,
                null,
                null));
      }
      shards.add(NewShard.of(ALPHA, encoder, ids));
    }
    return shards;
  }

  /** Each flush holds 100 outcomes of each of ten shards, as lanes interleave them. */
  private static List<List<Settlement>> flushes(List<ClaimedShard> claimed) {
    List<List<Settlement>> flushes = new ArrayList<>();
    var now = ProcessClock.system().instant();
    for (int group = 0; group < claimed.size(); group += 10) {
      for (int part = 0; part < 5; part++) {
        List<Settlement> flush = new ArrayList<>();
        for (ClaimedShard shard : claimed.subList(group, group + 10)) {
          ShardDecoder items = shard.items();
          List<Outcome> outcomes = new ArrayList<>();
          for (int i = part * 100; i < part * 100 + 100; i++) {
            outcomes.add(
                new Outcome(
                    items.index(i),
                    items.id(i),
                    OutcomeState.SUCCEEDED,
                    200,
                    1,
                    3,
                    now,
                    null,
                    null));
          }
          flush.add(new Settlement(shard.lease(), outcomes, List.of()));
        }
        flushes.add(flush);
      }
    }
    return flushes;
  }

  private <T> T measured(String what, Supplier<T> work) {
    long database = databaseMicros.getAsLong();
    long cpu = machine.getProcessCpuTime();
    long wall = System.nanoTime();
    T result = work.get();
    double cpuMicros = (machine.getProcessCpuTime() - cpu) / 1e3 / ITEMS;
    double wallMicros = (System.nanoTime() - wall) / 1e3 / ITEMS;
    double databaseCpuMicros = (databaseMicros.getAsLong() - database) / (double) ITEMS;
    System.out.printf(
        "  %-32s cpu %6.2f  database cpu %6.2f  wall %6.2f us/item%n",
        what, cpuMicros, databaseCpuMicros, wallMicros);
    return result;
  }
}
