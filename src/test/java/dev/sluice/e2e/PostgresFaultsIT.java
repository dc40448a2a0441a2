package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.DatabaseProxy;
import dev.sluice.fixture.Ledger;
import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.OwnPostgresServer;
import dev.sluice.fixture.PostgresServer;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Two processes on a PostgreSQL of their own, each behind a network that can be harmed, under load
 * and with callers: whatever the database does, callers are answered in time, nothing that was
 * accepted is lost, and sending goes on once the database is back.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PostgresFaultsIT {

  private static final int ITEMS = 6_000;
  private static final int ONCE_ITEMS = 2_000;
  private static final int CONCURRENCY = 32;
  private static final int OUTCOME_BUFFER = 500;
  private static final int INTENT_WINDOW = 128;
  private static final Duration LIMIT = Duration.ofSeconds(90);

  /** Five seconds are the aim; what a busy machine adds is no failure. */
  private static final Duration RESUMED = Duration.ofSeconds(5 + 3);

  /** How long no request comes when sending has stopped. */
  private static final Duration QUIET = Duration.ofMillis(300);

  private final OwnPostgresServer server = PostgresServer.own();
  private final PostgresServer.Database database = server.newDatabase();
  private final DatabaseProxy oneWay = DatabaseProxy.to(server);
  private final DatabaseProxy otherWay = DatabaseProxy.to(server);
  private final TargetServer target =
      TargetServer.start()
          .on("/x", Script.slow(Duration.ofMillis(10)))
          .on("/small", Script.status(200));
  private SluiceProcess one;
  private SluiceProcess other;
  private SluiceClient client;

  /** Of the running case. */
  private ApiCallers callers;

  private String often;
  private String once;

  @BeforeAll
  void start(@TempDir Path directory) {
    one = process(directory, oneWay).launch();
    other = process(directory, otherWay).launch();
    assertThat(one.becomesReady()).as("%s", one.log()).isTrue();
    assertThat(other.becomesReady()).as("%s", other.log()).isTrue();
    client = new SluiceClient(other.uri());
  }

  private SluiceProcess process(Path directory, DatabaseProxy way) {
    List<String> arguments = new ArrayList<>(way.through(database).arguments());
    arguments.add("--sluice.dispatch.concurrency=" + CONCURRENCY);
    arguments.add("--sluice.dispatch.outcome-buffer=" + OUTCOME_BUFFER);
    arguments.add("--sluice.dispatch.flush-size=" + OUTCOME_BUFFER);
    arguments.add("--sluice.dispatch.intent-window=" + INTENT_WINDOW);
    return SluiceProcess.in(directory, arguments.toArray(String[]::new));
  }

  @AfterAll
  void stop() {
    client.close();
    one.close();
    other.close();
    oneWay.close();
    otherWay.close();
    target.close();
    server.close();
  }

  /** Both processes are in the middle of two batches, and called. */
  @BeforeEach
  void load() {
    for (SluiceProcess process : List.of(one, other)) {
      try (SluiceClient each = new SluiceClient(process.uri())) {
        await().atMost(LIMIT).until(() -> each.get("/v1/batches?limit=1").status() == 200);
      }
    }
    String line = "{\"url\":\"" + target.url("/x") + "\",\"body\":{\"n\":1}}";
    String never = client.submit(1, "notBefore=2100-01-01T00:00:00Z", _ -> line);
    long sentByOne = sent(one);
    long sentByOther = sent(other);
    often = client.submit(ITEMS, "delivery=at_least_once", _ -> line);
    once = client.submit(ONCE_ITEMS, "delivery=at_most_once", _ -> line);
    callers = new ApiCallers(target.url("/small"));
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                target.ledger(often).itemCount() > ITEMS / 20
                    && target.ledger(once).itemCount() > ONCE_ITEMS / 20
                    && sent(one) > sentByOne
                    && sent(other) > sentByOther);
    callers.call(one, never).call(other, never);
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> !callers.accepted().isEmpty());
  }

  @AfterEach
  void heal() {
    callers.close();
    oneWay.heal();
    otherWay.heal();
  }

  @Test
  void isKilledAndStartedAgain() {
    server.killHard();
    awaitQuiet();
    server.start();
    goesOnAfter("PostgreSQL is killed", System.nanoTime());
    endsWell(0, 0);
  }

  @Test
  void standsStill() {
    server.pause();
    long pausedAt = System.nanoTime();
    awaitQuiet();
    awaitPassing(pausedAt, Duration.ofSeconds(4));
    server.resume();
    goesOnAfter("PostgreSQL stands still", System.nanoTime());
    endsWell(0, 0);
  }

  @Test
  void isGoneAndAnotherTookItsPlace() {
    oneWay.strand();
    otherWay.strand();
    long strandedAt = System.nanoTime();
    // It takes a beat's time-out until it shows.
    awaitPassing(strandedAt, Duration.ofMillis(3_500));
    goesOnAfter("PostgreSQL is gone without a word", System.nanoTime());
    endsWell(0, 0);
  }

  @Test
  void takesNoWrites() {
    server.refuseWrites(true);
    long refusedAt = System.nanoTime();
    awaitQuiet();
    awaitPassing(refusedAt, Duration.ofSeconds(3));
    server.refuseWrites(false);
    goesOnAfter("PostgreSQL takes no writes", System.nanoTime());
    endsWell(0, 0);
  }

  @Test
  void losesAnswersToCommits() {
    int lost = oneWay.lostCommitCount();
    for (String what :
        List.of(
            "INSERT INTO intent",
            "COPY outcome",
            "SET state = 2, lease_owner",
            "INSERT INTO batch (public_id")) {
      lost += 5;
      oneWay.loseCommitsOf(what, 5);
      int due = lost;
      await()
          .atMost(LIMIT)
          .pollInterval(Duration.ofMillis(10))
          .until(() -> oneWay.lostCommitCount() == due);
    }
    callers.close();
    callers.answeredAsPromised("answers to 20 commits are lost");
    assertThat(callers.refusedCount()).as("calls that had to be repeated").isPositive();
    endsWell(0, 0);
  }

  @Test
  void cannotBeReachedByOneOfTwo() {
    oneWay.silence();
    long silentAt = System.nanoTime();
    awaitPassing(silentAt, Duration.ofMillis(9_500));
    long sentByThen = sent(one);

    // The other one has all of it by the time the network is back.
    JsonNode oftenEnd = client.awaitFinished(often, LIMIT);
    JsonNode onceEnd = client.awaitFinished(once, LIMIT);
    Duration takenOver = Duration.ofNanos(System.nanoTime() - silentAt);
    Map<Integer, String> before = results(often);
    assertThat(sent(one)).as("sent 9.5 s after the network was gone").isEqualTo(sentByThen);

    oneWay.heal();
    long healedAt = System.nanoTime();
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> Metrics.scrape(one).sum("sluice_replica_retired_total") > 0);
    System.out.printf(
        "PostgresFaultsIT: a replica without network was taken over, and all ended, within %d ms; it came back after %d ms%n",
        takenOver.toMillis(), Duration.ofNanos(System.nanoTime() - healedAt).toMillis());
    callers.close();
    callers.answeredAsPromised("one of two has no network");
    String line = "{\"url\":\"" + target.url("/x") + "\"}";
    try (SluiceClient back = new SluiceClient(one.uri())) {
      await().atMost(RESUMED).until(() -> back.get("/v1/batches/" + often).status() == 200);
      client.awaitFinished(back.submit(10, "", _ -> line), LIMIT);
    }
    endsWell(CONCURRENCY + OUTCOME_BUFFER, CONCURRENCY + OUTCOME_BUFFER + INTENT_WINDOW);
    assertThat(results(often)).as("nothing late was written").isEqualTo(before);
    assertThat(client.batch(often).path("counts")).isEqualTo(oftenEnd.path("counts"));
    assertThat(client.batch(once).path("counts")).isEqualTo(onceEnd.path("counts"));
  }

  private Map<Integer, String> results(String id) {
    Map<Integer, String> lines = new TreeMap<>();
    client.results(id, "", line -> lines.put(line.path("index").asInt(), line.toString()));
    return lines;
  }

  /** What cannot be written down is not sent for long. */
  private void awaitQuiet() {
    await()
        .atMost(Duration.ofSeconds(12))
        .pollDelay(QUIET)
        .until(
            () -> {
              long before = target.requestCount();
              LockSupport.parkNanos(QUIET.toNanos());
              return target.requestCount() == before;
            });
    assertThat(target.ledger(often).itemCount()).as("in the middle").isLessThan(ITEMS);
  }

  private static void awaitPassing(long since, Duration time) {
    long left = since + time.toNanos() - System.nanoTime();
    while (left > 0) {
      LockSupport.parkNanos(left);
      left = since + time.toNanos() - System.nanoTime();
    }
  }

  /** Waits for requests and for well answered calls. */
  private void goesOnAfter(String fault, long backAt) {
    long count = target.requestCount("/x");
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> target.requestCount("/x") > count);
    Duration sends = Duration.ofNanos(System.nanoTime() - backAt);
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> callers.firstGoodSince(backAt) < Long.MAX_VALUE);
    Duration answers = Duration.ofNanos(callers.firstGoodSince(backAt) - backAt);
    System.out.printf(
        "PostgresFaultsIT: %s: it sends again %d ms and answers again %d ms after that is over%n",
        fault, sends.toMillis(), answers.toMillis());
    callers.close();
    callers.answeredAsPromised(fault);
    assertThat(sends).as("until it sends again").isLessThan(RESUMED);
    assertThat(answers).as("until it answers again").isLessThan(RESUMED);
  }

  /** Asks again when it is told to: the harm may not be over for every connection. */
  private JsonNode awaitEnd(String id) {
    return await()
        .atMost(LIMIT)
        .until(
            () -> client.get("/v1/batches/" + id),
            answer -> answer.status() == 200 && SluiceClient.isFinished(answer.json()))
        .json();
  }

  /** Every item that was accepted has ended once, by an outcome that is true. */
  private void endsWell(int mostTwice, int mostInDoubt) {
    callers.close();
    JsonNode oftenEnd = awaitEnd(often);
    JsonNode onceEnd = awaitEnd(once);
    Ledger oftenSeen = target.ledger(often);
    Ledger onceSeen = target.ledger(once);
    Results.of(client, often, ITEMS).agreeWith(oftenEnd);
    Results.of(client, once, ONCE_ITEMS).agreeWith(onceEnd);
    long twice = oftenSeen.requestCount() - ITEMS;
    long inDoubt = onceEnd.path("counts").path("inDoubt").asLong();
    System.out.printf(
        "PostgresFaultsIT: %d of %d sent twice, %d of %d in doubt, %d small batches accepted%n",
        twice, ITEMS, inDoubt, ONCE_ITEMS, callers.accepted().size());
    assertThat(oftenEnd.path("counts").path("succeeded").asInt()).isEqualTo(ITEMS);
    assertThat(oftenSeen.itemCount()).isEqualTo(ITEMS);
    assertThat(twice).as("sent twice").isBetween(0L, (long) mostTwice);
    assertThat(onceEnd.path("counts").path("succeeded").asLong() + inDoubt).isEqualTo(ONCE_ITEMS);
    assertThat(inDoubt).isBetween(0L, (long) mostInDoubt);
    assertThat(onceSeen.requestCount()).as("nothing twice").isEqualTo(onceSeen.itemCount());
    assertThat(callers.accepted()).isNotEmpty().doesNotHaveDuplicates();
    for (String id : callers.accepted()) {
      JsonNode end = awaitEnd(id);
      assertThat(end.path("counts").path("succeeded").asInt()).isEqualTo(ApiCallers.itemCount());
      assertThat(target.ledger(id).itemCount()).isEqualTo(ApiCallers.itemCount());
    }
  }

  private static long sent(SluiceProcess sluice) {
    return Metrics.scrape(sluice).sum("sluice_attempts_started_total");
  }
}
