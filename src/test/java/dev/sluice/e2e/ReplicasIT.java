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

/** Two processes behind nothing but one PostgreSQL, of which one is killed and then terminated. */
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
  private SluiceProcess goes;

  @BeforeEach
  void start() {
    target = TargetServer.start().on("/x", Script.slow(Duration.ofMillis(10)));
    List<String> arguments = new ArrayList<>(database.arguments());
    arguments.add("--sluice.dispatch.concurrency=" + CONCURRENCY);
    arguments.add("--sluice.dispatch.outcome-buffer=" + OUTCOME_BUFFER);
    arguments.add("--sluice.dispatch.intent-window=" + INTENT_WINDOW);
    stays = SluiceProcess.in(directory, arguments.toArray(String[]::new)).launch();
    goes = stays.rival().launch();
    assertThat(stays.becomesReady()).as("%s", stays.log()).isTrue();
    assertThat(goes.becomesReady()).as("%s", goes.log()).isTrue();
  }

  @AfterEach
  void close() {
    goes.close();
    stays.close();
    target.close();
    server.drop(database);
  }

  @Test
  void oneGoesOnWithWhatTheOtherHeld() {
    try (SluiceClient client = new SluiceClient(stays.uri())) {
      killed(client);
      goes.start();
      terminated(client);
    }
  }

  /** Of a batch that may go twice few items do; of one that must not, none. */
  private void killed(SluiceClient client) {
    String often = submit(client, "at_least_once");
    String once = submit(client, "at_most_once");
    Ledger oftenSeen = target.ledger(often);
    Ledger onceSeen = target.ledger(once);
    await()
        .atMost(LIMIT)
        .until(
            () ->
                oftenSeen.itemCount() >= ITEMS / 5
                    && onceSeen.itemCount() >= ITEMS / 5
                    && sent(goes) > 500
                    && sent(stays) > 500);
    goes.kill();
    long killedAt = System.nanoTime();
    assertThat(oftenSeen.itemCount()).as("killed in the middle").isLessThan(ITEMS);
    assertThat(onceSeen.itemCount()).as("killed in the middle").isLessThan(ITEMS);
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> number("SELECT count(*) FROM replica WHERE state = 0") == 1);
    await().atMost(LIMIT).pollInterval(Duration.ofMillis(20)).until(() -> ownerless() == 0);
    Duration takeover = Duration.ofNanos(System.nanoTime() - killedAt);

    JsonNode oftenEnd = client.awaitFinished(often, LIMIT);
    JsonNode onceEnd = client.awaitFinished(once, LIMIT);
    long duplicates = oftenSeen.requestCount() - ITEMS;
    System.out.printf(
        "ReplicasIT: taken over %d ms after SIGKILL, %d of %d sent twice; at most once: %s%n",
        takeover.toMillis(), duplicates, ITEMS, onceEnd.path("counts"));
    assertThat(takeover).as("time until a peer had taken over").isLessThan(TAKEOVER);
    Results.of(client, often, ITEMS).agreeWith(oftenEnd);
    assertThat(oftenEnd.path("counts").path("succeeded").asInt()).isEqualTo(ITEMS);
    assertThat(oftenSeen.itemCount()).isEqualTo(ITEMS);
    assertThat(duplicates).isBetween(0L, (long) CONCURRENCY + OUTCOME_BUFFER);

    Results.of(client, once, ITEMS).agreeWith(onceEnd);
    int inDoubt = onceEnd.path("counts").path("inDoubt").asInt();
    assertThat(onceEnd.path("counts").path("succeeded").asInt() + inDoubt).isEqualTo(ITEMS);
    assertThat(inDoubt).isBetween(1, CONCURRENCY + OUTCOME_BUFFER + INTENT_WINDOW);
    assertThat(onceSeen.requestCount()).as("nothing twice").isEqualTo(onceSeen.itemCount());
  }

  private void terminated(SluiceClient client) {
    long before = number("SELECT max(id) FROM replica");
    String id = submit(client, "at_least_once");
    Ledger seen = target.ledger(id);
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> seen.itemCount() >= ITEMS / 10 && heldBy(before) > 0);
    goes.terminate();
    long terminatedAt = System.nanoTime();
    await().atMost(LIMIT).pollInterval(Duration.ofMillis(5)).until(() -> heldBy(before) == 0);
    Duration handover = Duration.ofNanos(System.nanoTime() - terminatedAt);
    assertThat(seen.itemCount()).as("terminated in the middle").isLessThan(ITEMS);
    assertThat(goes.awaitExit(Duration.ofSeconds(45))).as("%s", goes.log()).isZero();

    JsonNode end = client.awaitFinished(id, LIMIT);
    System.out.printf("ReplicasIT: given back %d ms after SIGTERM%n", handover.toMillis());
    assertThat(handover).as("time until the last shard was given back").isLessThan(HANDOVER);
    Results.of(client, id, ITEMS).agreeWith(end);
    assertThat(end.path("counts").path("succeeded").asInt()).isEqualTo(ITEMS);
    assertThat(seen.itemCount()).isEqualTo(ITEMS);
    assertThat(seen.requestCount()).as("nothing twice").isEqualTo(ITEMS);
    assertThat(number("SELECT count(*) FROM replica WHERE state = 0")).isEqualTo(1);
  }

  private String submit(SluiceClient client, String delivery) {
    String line = "{\"url\":\"" + target.url("/x") + "\",\"body\":{\"n\":1}}";
    return client.submit(ITEMS, "delivery=" + delivery, _ -> line);
  }

  private static long sent(SluiceProcess sluice) {
    return Metrics.scrape(sluice).sum("sluice_attempts_started_total");
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
