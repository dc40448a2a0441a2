package dev.sluice.bench;

import dev.sluice.fixture.PostgresServer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * A job queue in a process of its own. It says what it is, then answers each {@code run <jobs>} in
 * two steps: {@code stored <nanoseconds>}, and after a {@code go} {@code <nanoseconds> <errors>
 * <50th, 99th, 99.9th percentile of the exchange in nanoseconds>}.
 */
final class QueueProcess implements AutoCloseable {

  /** Compiled with the profile {@code queues} only. */
  private static final String MAIN = "dev.sluice.bench.QueueMain";

  private final ChildProcess process;
  private final String version;
  private final LongSupplier databaseCpuMicros;

  private QueueProcess(ChildProcess process, LongSupplier databaseCpuMicros) {
    this.process = process;
    this.version = process.hear();
    this.databaseCpuMicros = databaseCpuMicros;
  }

  /** Tells why there are no queues to compare with, if there are none. */
  static Optional<String> missing() {
    try {
      Class.forName(MAIN, false, QueueProcess.class.getClassLoader());
      return Optional.empty();
    } catch (ClassNotFoundException _) {
      return Optional.of("it needs the libraries that -Pbench,queues brings.");
    }
  }

  static QueueProcess start(
      String kind,
      String url,
      int bodyBytes,
      int concurrency,
      PostgresServer.Database database,
      LongSupplier databaseCpuMicros) {
    List<String> command =
        ChildProcess.java(
            MAIN,
            JvmOptions.RECOMMENDED,
            kind,
            url,
            Integer.toString(bodyBytes),
            Integer.toString(concurrency),
            database.jdbcUrl(),
            database.user(),
            database.password());
    return new QueueProcess(ChildProcess.start(command, Map.of()), databaseCpuMicros);
  }

  /** Gives the name and version of what runs there. */
  String version() {
    return version;
  }

  /** Gives a round from the first job stored to the last one done, and one of the doing alone. */
  List<Round> run(int jobs) {
    long firstDatabaseMicros = databaseCpuMicros.getAsLong();
    ProcessCost first = ProcessCost.of(pid());
    String[] stored = process.ask("run " + jobs).split(" ", -1);
    if (!stored[0].equals("stored")) {
      throw new IllegalStateException("Not understood: " + String.join(" ", stored));
    }
    long storedDatabaseMicros = databaseCpuMicros.getAsLong();
    ProcessCost atRest = ProcessCost.of(pid());
    String[] done = process.ask("go").split(" ", -1);
    ProcessCost last = ProcessCost.of(pid());
    long lastDatabaseMicros = databaseCpuMicros.getAsLong();
    double storing = Long.parseLong(stored[1]) / 1e9;
    double doing = Long.parseLong(done[0]) / 1e9;
    long errors = Long.parseLong(done[1]);
    Round.Percentiles exchange =
        Round.Percentiles.ofNanos(
            Long.parseLong(done[2]), Long.parseLong(done[3]), Long.parseLong(done[4]));
    return List.of(
        new Round(
            jobs,
            storing + doing,
            last.cpuMicros() - first.cpuMicros(),
            lastDatabaseMicros - firstDatabaseMicros,
            exchange,
            errors),
        new Round(
            jobs,
            doing,
            last.cpuMicros() - atRest.cpuMicros(),
            lastDatabaseMicros - storedDatabaseMicros,
            exchange,
            errors));
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.close();
  }
}
