package dev.sluice.chaos;

import dev.sluice.chaos.Harm.CutOff;
import dev.sluice.chaos.Harm.Limits;
import dev.sluice.chaos.Sightings.Sighting;
import dev.sluice.chaos.agent.Point.Need;
import dev.sluice.fixture.OwnPostgresServer;
import dev.sluice.fixture.PostgresServer;
import dev.sluice.fixture.PostgresServer.Database;
import dev.sluice.fixture.SluiceClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Several replicas on one PostgreSQL under load without a pause, harmed in one cycle after the
 * other; at last all is brought to an end and checked, by what any of them answers. One thread.
 */
final class ReplicaCampaign implements AutoCloseable {

  /** What keeps replicas busy goes to a slow destination, at last one item at a time. */
  private static final Duration DRAIN = Duration.ofMinutes(15);

  /** Something broken may never end. */
  private static final Duration SHORT_DRAIN = Duration.ofMinutes(2);

  /** A replica begins nothing so long after its last beat ... */
  private static final Duration HELD = Duration.ofSeconds(9);

  /** ... and a thread of a busy machine may be late by so much. */
  private static final Duration LATE = Duration.ofMillis(500);

  /** What is promised once the database is reached again. */
  private static final Duration ANSWERS = Duration.ofSeconds(5);

  /** It has to be seen that it did begin something not long before. */
  private static final Duration LAST = Duration.ofSeconds(5);

  private final Story story = new Story();
  private final Lives lives = new Lives();
  private final Takeovers takeovers = new Takeovers();
  private final List<Duration> restarts = new ArrayList<>();
  private final List<CutOff> cutOffs = new ArrayList<>();
  private final Random random;
  private final boolean isBroken;
  private final Duration limit;
  private final Oracle oracle;
  private final PostgresServer server;
  private final Database database;
  private final DatabaseWatch watch;
  private final Replicas replicas;
  private final Harm.Scene scene;
  private final Load load;

  /**
   * What it needs.
   *
   * @param count of replicas
   * @param proxied whether they reach the database through proxies
   * @param ownServer whether the database may be killed
   * @param settings of each replica
   */
  record Site(int count, boolean proxied, boolean ownServer, Settings settings, Limits limits) {}

  /**
   * Starts the replicas and their clients.
   *
   * @param directory an empty one
   * @param seed of all that is random
   * @param mutation to break every process with; null for none
   */
  ReplicaCampaign(Path directory, long seed, Site site, @Nullable String mutation)
      throws IOException {
    this.random = new Random(seed);
    this.isBroken = mutation != null;
    this.limit = isBroken ? SHORT_DRAIN : DRAIN;
    Path place = Files.createDirectories(directory);
    this.oracle = new Oracle(place.resolve("oracle.log"), seed);
    OwnPostgresServer own = site.ownServer ? PostgresServer.own() : null;
    this.server = own == null ? PostgresServer.shared() : own;
    this.database = server.newDatabase();
    this.watch = new DatabaseWatch(database, story, takeovers);
    List<String> broken = mutation == null ? List.of() : List.of("break=" + mutation);
    List<String> jvm = Campaign.jvm(AgentJar.in(place), broken);
    this.replicas =
        new Replicas(
            place,
            new Replicas.Setup(site.count, site.proxied, site.settings, jvm),
            server,
            database,
            story,
            lives);
    this.scene =
        new Harm.Scene(
            replicas,
            watch,
            takeovers,
            story,
            oracle,
            site.settings,
            site.limits,
            random,
            own,
            restarts,
            cutOffs);
    try {
      restarts.add(replicas.startFirst());
      watch.start(replicas.all().getFirst().name());
      restarts.addAll(replicas.startOthers());
    } catch (IllegalStateException failure) {
      closeAll();
      throw failure;
    }
    this.load = new Load(story, oracle, replicas::roots, Need.LOAD, new Random(random.nextLong()));
  }

  /** Harms them once. */
  void cycle(Harm harm) {
    story.cycle();
    oracle.setDoor(random.nextInt(3) > 0);
    try {
      harm.inflict(scene);
    } catch (IllegalStateException failure) {
      story.fault(
          "Cycle %d, %s: %s".formatted(story.cycleCount(), harm.describe(), failure.getMessage()));
    }
  }

  /** Lets everything end and checks it. */
  Findings finish() {
    Findings findings = new Findings(story, restarts);
    load.close();
    oracle.setDoor(true);
    try {
      if (isBroken) {
        lookForOverreach();
      }
      if (!isBroken || isGood()) {
        end(findings);
      }
    } catch (IOException | RuntimeException | AssertionError failure) {
      story.fault("The end failed: " + failure);
    }
    findings.takeovers().add(takeovers);
    return findings;
  }

  private void end(Findings findings) throws IOException {
    Campaign.endWhatWasBegun(story, oracle, replicas::roots, limit);
    watch.awaitAll();
    replicas.awaitAnswers(ANSWERS);
    try (Client client = new Client(replicas::roots)) {
      Checker checker = new Checker(story, client.http(), findings);
      if (checker.awaitEnd(limit)) {
        replicas.finish();
        checker.check(oracle.sightings(lives), CostOfCrashes.ofReplicas(story));
        agree(findings);
      }
    }
    lookForOverreach();
  }

  /** Looks for what was sent or written by who had lost the right to it. */
  private void lookForOverreach() throws IOException {
    List<Sighting> requests = oracle.sightings(lives).all();
    cutOffs.forEach(cutOff -> judge(cutOff, requests));
    watch.staleWrites().forEach(write -> story.fault("Written for what another held: " + write));
  }

  /** A replica without its database goes on until its leases may be another's, and no longer. */
  private void judge(CutOff cutOff, List<Sighting> requests) {
    Instant deadline = cutOff.from().plus(HELD);
    long before = count(cutOff, requests, deadline.minus(LAST), deadline);
    long after = count(cutOff, requests, deadline.plus(LATE), cutOff.to());
    if (before == 0) {
      story.fault(
          cutOff.replica().name() + " sent nothing before its deadline, so its end proves nothing");
    }
    if (after > 0) {
      story.fault(
          "%s sent %d requests after its deadline".formatted(cutOff.replica().name(), after));
    }
  }

  private static long count(CutOff cutOff, List<Sighting> requests, Instant from, Instant to) {
    return requests.stream()
        .filter(request -> request.sender() == cutOff.replica().number())
        .filter(request -> request.at().isAfter(from) && request.at().isBefore(to))
        .count();
  }

  /** Whoever is asked says the same. */
  private void agree(Findings findings) {
    Map<String, String> first = null;
    for (Replica replica : replicas.all()) {
      List<URI> root = List.of(replica.uri());
      try (SluiceClient client = new SluiceClient(() -> root)) {
        Map<String, String> all = new Checker(story, client, findings).counts();
        if (first == null) {
          first = all;
        } else if (!all.equals(first)) {
          story.fault(replica.name() + " says " + all + ", another " + first);
        }
      }
    }
  }

  /** Tells what clients noticed. */
  String calls() {
    return "calls refused by all %d, unanswered %d, 503 %d"
        .formatted(
            story.calls().refusedCount(),
            story.calls().brokenCount(),
            story.calls().unavailableCount());
  }

  /** Tells whether nothing was seen yet that must not be. */
  boolean isGood() {
    return story.faultCount() == 0;
  }

  @Override
  public void close() {
    load.close();
    closeAll();
  }

  private void closeAll() {
    replicas.close();
    watch.close();
    oracle.close();
    OwnPostgresServer own = scene.server();
    if (own == null) {
      server.drop(database);
    } else {
      own.close();
    }
  }
}
