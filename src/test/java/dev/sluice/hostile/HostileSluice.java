package dev.sluice.hostile;

import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Sluice as a process, set up to meet hostile destinations: a breaker that never opens, so that
 * every item meets its fault, and Netty's leak detector at its strictest.
 */
public final class HostileSluice implements AutoCloseable {

  /** Attempts in flight to one destination, where a run does not ask for more. */
  public static final int CONCURRENCY = 64;

  /** Attempts in flight in all. */
  public static final int IN_FLIGHT = 960;

  private static final List<String> PROPERTIES =
      List.of(
          "--sluice.dispatch.global-concurrency=" + IN_FLIGHT,
          "--sluice.dispatch.breaker.minimum-calls=1000000",
          "--sluice.attempt.leak-detection=paranoid",
          "--sluice.ops.refresh=1s");

  private static final Duration QUIET = Duration.ofSeconds(20);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int WARM_UP_WAVES = 3;
  private static final Duration WARM_UP_TIMEOUT = Duration.ofSeconds(1);

  /** Connections of clients to the API come and go; one lost at every item would be more. */
  private static final int SOCKETS_OF_CLIENTS = 16;

  private static final String LEAK = "LEAK:";

  private final SluiceProcess process;
  private final SluiceClient client;
  private final long socketsBefore;

  /**
   * Starts it and warms it up. Every buffer is watched, but only where it is taken and given back:
   * a stack trace at each byte that is read would make the watching the load.
   *
   * @param directory gets its data and logs
   * @param heap such as {@code -Xmx512m}
   * @param concurrency attempts in flight to one destination
   * @param properties more of Spring Boot's
   */
  public HostileSluice(Path directory, String heap, int concurrency, String... properties)
      throws IOException {
    List<String> all = new ArrayList<>(PROPERTIES);
    all.add("--sluice.dispatch.concurrency=" + concurrency);
    all.addAll(List.of(properties));
    process =
        SluiceProcess.in(directory, all.toArray(String[]::new))
            .jvm(heap, "-Dio.netty.leakDetection.acquireAndReleaseOnly=true")
            .start();
    client = new SluiceClient(process.uri());
    // A cold JVM's first handshakes and exceptions take longer than a deadline.
    HostileRun warmUp = new HostileRun(client, concurrency, WARM_UP_TIMEOUT);
    for (List<Fault> wave : Faults.waves().subList(0, WARM_UP_WAVES)) {
      warmUp.meet(wave, HostileRun.MODES);
    }
    warmUp.meet(List.of(Faults.named("tls-alert")), HostileRun.MODES);
    awaitQuiet();
    socketsBefore = socketCount();
  }

  public SluiceClient client() {
    return client;
  }

  public SluiceProcess process() {
    return process;
  }

  /**
   * What was not given back once nothing is in flight.
   *
   * @param connections acquired from a pool, or waited for
   * @param permits of lanes, and attempts that began and never ended
   * @param buffers reports of Netty's leak detector
   * @param sockets sockets open beyond those at the beginning; a few are clients of the API
   */
  public record Leaks(long connections, long permits, long buffers, long sockets) {

    /** Gives how much there is of all; sockets count where there are more than clients explain. */
    public long count() {
      return connections + permits + buffers + (sockets > SOCKETS_OF_CLIENTS ? sockets : 0);
    }
  }

  /** Waits until nothing is in flight, collects garbage, and gives what is left over. */
  public Leaks leaks() throws IOException {
    awaitQuiet();
    for (int i = 0; i < 2; i++) {
      // A leaked buffer is noticed when it has been collected and another one is made.
      collectGarbage();
      new HostileRun(client, CONCURRENCY, TIMEOUT)
          .meet(List.of(Faults.named("server-error")), HostileRun.MODES);
    }
    Metrics metrics = awaitQuiet();
    long reports = process.log().lines().filter(line -> line.contains(LEAK)).count();
    return new Leaks(
        connections(metrics), permits(metrics), reports, socketCount() - socketsBefore);
  }

  private Metrics awaitQuiet() {
    Metrics[] last = new Metrics[1];
    await()
        .atMost(QUIET)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              last[0] = Metrics.scrape(process);
              return connections(last[0]) == 0 && permits(last[0]) == 0;
            });
    return last[0];
  }

  private static long connections(Metrics metrics) {
    return metrics.sum("sluice_pool_acquired") + metrics.sum("sluice_pool_pending");
  }

  private static long permits(Metrics metrics) {
    return metrics.sum("sluice_lane_in_flight")
        + metrics.sum("sluice_attempts_started_total")
        - metrics.sum("sluice_attempts_ended_total");
  }

  /** Runs a full collection in the process. */
  public void collectGarbage() {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    try {
      Process collection =
          new ProcessBuilder(jcmd.toString(), Long.toString(process.pid()), "GC.run")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectErrorStream(true)
              .start();
      if (collection.waitFor() != 0) {
        throw new IllegalStateException(jcmd + " ended with " + collection.exitValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(jcmd + " does not run", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while collecting garbage", e);
    }
  }

  private long socketCount() throws IOException {
    Path descriptors = Path.of("/proc", Long.toString(process.pid()), "fd");
    try (Stream<Path> all = Files.list(descriptors)) {
      return all.filter(HostileSluice::isSocket).count();
    }
  }

  private static boolean isSocket(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (IOException gone) {
      return false;
    }
  }

  @Override
  public void close() {
    client.close();
    process.close();
  }
}
