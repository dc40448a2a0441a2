package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.Ledger;
import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.PostgresServer;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Three processes behind nothing but one PostgreSQL: one is killed, one stands still for so long
 * that its peers take it for dead, and comes back to be terminated.
 */
class ReplicasIT {

  private static final int ITEMS = 12_000;
  private static final int CONCURRENCY = 64;
  private static final int OUTCOME_BUFFER = 2_000;
  private static final int INTENT_WINDOW = 256;
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final Duration TAKEOVER = Duration.ofSeconds(20);

  /** A second is the aim; what a busy machine adds is no failure. */
  private static final Duration HANDOVER = Duration.ofSeconds(3);

  private final PostgresServer server = PostgresServer.shared();
  private final PostgresServer.Database database = server.newDatabase();

  @TempDir Path directory;
  private TargetServer target;
  private SluiceProcess stays;
  private SluiceProcess dies;
  private SluiceProcess zombie;

  @BeforeEach
  void start() {
    target = TargetServer.start().on("/x", Script.slow(Duration.ofMillis(10)));
    List<String> arguments = new ArrayList<>(database.arguments());
    arguments.add("--sluice.dispatch.concurrency=" + CONCURRENCY);
    arguments.add("--sluice.dispatch.outcome-buffer=" + OUTCOME_BUFFER);
    arguments.add("--sluice.dispatch.intent-window=" + INTENT_WINDOW);
    stays = SluiceProcess.in(directory, arguments.toArray(String[]::new)).launch();
    dies = stays.rival().launch();
    zombie = stays.rival().launch();
    for (SluiceProcess process : List.of(stays, dies, zombie)) {
      assertThat(process.becomesReady()).as("%s", process.log()).isTrue();
    }
  }

  @AfterEach
  void close() {
    dies.close();
    zombie.close();
    stays.close();
    target.close();
    server.drop(database);
  }

  @Test
  void oneGoesOnWithWhatOthersHeld() {
    try (SluiceClient client = new SluiceClient(stays.uri())) {
      killedAndStopped(client);
      terminated(client);
    }
  }

  /** Of a batch that may go twice few items do; of one that must not, none. */
  private void killedAndStopped(SluiceClient client) {
    String often = submit(client, "at_least_once");
    String once = submit(client, "at_most_once");
    Ledger oftenSeen = target.ledger(often);
    Ledger onceSeen = target.ledger(once);
    await().atMost(LIMIT).until(() -> sent(dies) > 300 && sent(zombie) > 300 && sent(stays) > 300);
    signal("STOP", zombie);
    dies.kill();
    long killedAt = System.nanoTime();
    assertThat(oftenSeen.itemCount()).as("in the middle").isLessThan(ITEMS);
    assertThat(onceSeen.itemCount()).as("in the middle").isLessThan(ITEMS);
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> liveReplicas() == 1 && ownerless() == 0);
    Duration takeover = Duration.ofNanos(System.nanoTime() - killedAt);
    signal("CONT", zombie);

    JsonNode oftenEnd = client.awaitFinished(often, LIMIT);
    JsonNode onceEnd = client.awaitFinished(once, LIMIT);
    await().atMost(LIMIT).until(() -> liveReplicas() == 2);
    Metrics metrics = Metrics.scrape(zombie);
    long duplicates = oftenSeen.requestCount() - ITEMS;
    System.out.printf(
        "ReplicasIT: taken over %d ms after SIGKILL and SIGSTOP, %d of %d sent twice, %d shards fenced; at most once: %s%n",
        takeover.toMillis(),
        duplicates,
        ITEMS,
        metrics.sum("sluice_outcomes_dropped_total"),
        onceEnd.path("counts"));
    assertThat(takeover).as("time until a peer had taken over").isLessThan(TAKEOVER);
    assertThat(metrics.sum("sluice_replica_retired_total")).isEqualTo(1);
    Results.of(client, often, ITEMS).agreeWith(oftenEnd);
    assertThat(oftenEnd.path("counts").path("succeeded").asInt()).isEqualTo(ITEMS);
    assertThat(oftenSeen.itemCount()).isEqualTo(ITEMS);
    assertThat(duplicates).isBetween(0L, 2L * (CONCURRENCY + OUTCOME_BUFFER));

    Results.of(client, once, ITEMS).agreeWith(onceEnd);
    int inDoubt = onceEnd.path("counts").path("inDoubt").asInt();
    assertThat(onceEnd.path("counts").path("succeeded").asInt() + inDoubt).isEqualTo(ITEMS);
    assertThat(inDoubt).isBetween(1, 2 * (CONCURRENCY + OUTCOME_BUFFER + INTENT_WINDOW));
    assertThat(onceSeen.requestCount()).as("nothing twice").isEqualTo(onceSeen.itemCount());
  }

  private void terminated(SluiceClient client) {
    long replica = number("SELECT max(id) FROM replica WHERE state = 0");
    String id = submit(client, "at_least_once");
    Ledger seen = target.ledger(id);
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> seen.itemCount() >= ITEMS / 10 && heldBy(replica) > 0);
    zombie.terminate();
    long terminatedAt = System.nanoTime();
    assertThat(seen.itemCount()).as("terminated in the middle").isLessThan(ITEMS);
    await().atMost(LIMIT).pollInterval(Duration.ofMillis(5)).until(() -> heldBy(replica) == 0);
    Duration handover = Duration.ofNanos(System.nanoTime() - terminatedAt);
    assertThat(zombie.awaitExit(Duration.ofSeconds(45))).as("%s", zombie.log()).isZero();

    JsonNode end = client.awaitFinished(id, LIMIT);
    System.out.printf("ReplicasIT: given back %d ms after SIGTERM%n", handover.toMillis());
    assertThat(handover).as("time until the last shard was given back").isLessThan(HANDOVER);
    Results.of(client, id, ITEMS).agreeWith(end);
    assertThat(end.path("counts").path("succeeded").asInt()).isEqualTo(ITEMS);
    assertThat(seen.itemCount()).isEqualTo(ITEMS);
    assertThat(seen.requestCount()).as("nothing twice").isEqualTo(ITEMS);
    assertThat(liveReplicas()).isEqualTo(1);
  }

  private String submit(SluiceClient client, String delivery) {
    String line = "{\"url\":\"" + target.url("/x") + "\",\"body\":{\"n\":1}}";
    return client.submit(ITEMS, "delivery=" + delivery, _ -> line);
  }

  private static long sent(SluiceProcess sluice) {
    return Metrics.scrape(sluice).sum("sluice_attempts_started_total");
  }

  private static void signal(String name, SluiceProcess process) {
    try {
      int code =
          new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
              .inheritIO()
              .start()
              .waitFor();
      assertThat(code).isZero();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted", e);
    }
  }

  private long liveReplicas() {
    return number("SELECT count(*) FROM replica WHERE state = 0");
  }

  private long heldBy(long replica) {
    return number("SELECT count(*) FROM shard WHERE state = 2 AND lease_owner = " + replica);
  }

  /** Gives shards that were held by a replica that is gone. */
  private long ownerless() {
    return number(
        "SELECT count(*) FROM shard WHERE state = 2"
            + " AND lease_owner NOT IN (SELECT id FROM replica WHERE state = 0)");
  }

  private long number(String query) {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException(query + " failed", e);
    }
  }
}
