package dev.sluice.chaos;

import dev.sluice.fixture.DatabaseProxy;
import dev.sluice.fixture.PostgresServer;
import dev.sluice.fixture.PostgresServer.Database;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Several processes on one database, and those of them that clients speak to. */
final class Replicas implements AutoCloseable {

  private final List<Replica> all = new ArrayList<>();
  private final List<Replica> served = new CopyOnWriteArrayList<>();

  /**
   * How they are set up.
   *
   * @param count how many
   * @param proxied whether each reaches the database through a proxy of its own
   * @param jvm options of their JVMs
   */
  record Setup(int count, boolean proxied, Settings settings, List<String> jvm) {}

  /** Prepares them; nothing runs yet. */
  Replicas(
      Path directory,
      Setup setup,
      PostgresServer server,
      Database database,
      Story story,
      Lives lives) {
    for (int number = 1; number <= setup.count; number++) {
      DatabaseProxy proxy = setup.proxied ? DatabaseProxy.to(server) : null;
      SluiceProcess process = process(directory, setup, number, database, proxy);
      all.add(new Replica(number, process, proxy, story, lives));
    }
    served.addAll(all);
  }

  private static SluiceProcess process(
      Path directory, Setup setup, int number, Database database, @Nullable DatabaseProxy proxy) {
    Database reached = proxy == null ? database : proxy.through(database);
    String url = reached.jdbcUrl();
    Database named =
        new Database(
            reached.name(),
            url + (url.contains("?") ? "&" : "?") + "ApplicationName=" + Replica.name(number),
            reached.user(),
            reached.password());
    List<String> arguments = new ArrayList<>(setup.settings.arguments());
    arguments.addAll(named.arguments());
    arguments.add("--sluice.attempt.idempotency-header=" + OracleHandler.KEY + "-" + number);
    return SluiceProcess.in(directory, arguments.toArray(String[]::new))
        .jvm(setup.jvm.toArray(String[]::new));
  }

  List<Replica> all() {
    return all;
  }

  Replica any(Random random) {
    return all.get(random.nextInt(all.size()));
  }

  /** Gives where clients call; for any thread. */
  List<URI> roots() {
    return served.stream().map(Replica::uri).toList();
  }

  /** Has clients not call a replica that would not answer. */
  void leave(Replica replica) {
    served.remove(replica);
  }

  /** Has clients call it again. */
  void join(Replica replica) {
    served.add(replica);
  }

  /** Starts the first one alone, for it makes the schema. */
  Duration startFirst() {
    Replica first = all.getFirst();
    first.launch();
    return first.awaitReady();
  }

  /** Starts the others. */
  List<Duration> startOthers() {
    List<Replica> others = all.subList(1, all.size());
    others.forEach(Replica::launch);
    return others.stream().map(Replica::awaitReady).toList();
  }

  /**
   * Waits until each answers what needs the database: one that was cut off refuses calls with 503
   * until its connections are new.
   */
  void awaitAnswers(Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    for (Replica replica : all) {
      try (SluiceClient client = new SluiceClient(replica.uri())) {
        while (client.get("/v1/batches?limit=1").status() != 200) {
          if (System.nanoTime() > deadline) {
            throw new IllegalStateException(replica.uri() + " does not answer");
          }
          Endings.pause(Duration.ofMillis(50));
        }
      }
    }
  }

  /** Notes that their lives end now, at no cost. */
  void finish() {
    all.forEach(replica -> replica.ended(new Ending.Cost(0, 0)));
  }

  @Override
  public void close() {
    all.forEach(Replica::close);
  }
}
