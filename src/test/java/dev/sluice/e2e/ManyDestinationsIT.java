package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Metrics;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * So many destinations pass through one process that whatever it kept of each would show: heap,
 * descriptors and metrics stay bounded. Every address of 127.0.0.0/8 is a host of its own. {@code
 * -Dsluice.destinations=100000} is the full run; both under {@code -Xmx256m} and default
 * properties.
 */
class ManyDestinationsIT {

  private static final int DESTINATIONS = Integer.getInteger("sluice.destinations", 2_000);
  private static final Duration LIMIT = Duration.ofSeconds(60 + DESTINATIONS / 100);

  /** One idle connection a lane, 1,000 in use, and what the process itself needs. */
  private static final int MOST_DESCRIPTORS = 3_500;

  private static final int MOST_METRICS_BYTES = 1 << 20;

  /** 2,048 lanes, the most that 256 MiB allow, of 25 KiB each, and caches of a bounded size. */
  private static final long MOST_HEAP_GROWTH_BYTES = 90L << 20;

  /** The most that was seen while it ran. */
  private int mostDescriptors;

  private int mostMetricsBytes;

  @Test
  void keepsNothingOfTheDestinationsThatPass(@TempDir Path directory) {
    try (TargetServer target = TargetServer.startOnEveryHost().on("/item", Script.status(200));
        SluiceProcess sluice = SluiceProcess.in(directory).jvm("-Xmx256m").start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      long heapBefore = heapAfterGc(sluice);
      int port = target.port();
      long began = System.nanoTime();

      String id =
          client.submit(
              DESTINATIONS,
              "expectedItems=" + DESTINATIONS,
              index ->
                  "{\"method\":\"GET\",\"url\":\"http://%s:%d/item\"}"
                      .formatted(host(index), port));
      double acceptedSeconds = seconds(began);
      JsonNode batch =
          client.awaitBatch(
              id,
              LIMIT,
              now -> {
                watch(sluice);
                return SluiceClient.isFinished(now);
              });
      double finishedSeconds = seconds(began);
      long heapAfter = heapAfterGc(sluice);

      System.out.printf(
          "%,d destinations: accepted after %.1f s, ended after %.1f s (%,.0f/s); at most %,d"
              + " descriptors and %,d bytes of metrics; heap after GC %,d -> %,d KiB%n",
          DESTINATIONS,
          acceptedSeconds,
          finishedSeconds,
          DESTINATIONS / (finishedSeconds - acceptedSeconds),
          mostDescriptors,
          mostMetricsBytes,
          heapBefore >> 10,
          heapAfter >> 10);
      assertThat(batch.path("counts").path("succeeded").asInt()).isEqualTo(DESTINATIONS);
      assertThat(target.ledger(id).itemCount()).isEqualTo(DESTINATIONS);
      assertThat(mostDescriptors).isBetween(1, MOST_DESCRIPTORS);
      assertThat(mostMetricsBytes).isBetween(1, MOST_METRICS_BYTES);
      assertThat(heapAfter - heapBefore).isLessThan(MOST_HEAP_GROWTH_BYTES);
      assertThat(sluice.log()).doesNotContain("OutOfMemoryError");
    }
  }

  private static String host(int index) {
    return "127.%d.%d.%d".formatted(1 + (index >> 16), index >> 8 & 0xFF, index & 0xFF);
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private void watch(SluiceProcess sluice) {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + sluice.pid() + "/fd"))) {
      mostDescriptors = Math.max(mostDescriptors, (int) open.count());
      mostMetricsBytes = Math.max(mostMetricsBytes, metricsBytes(sluice));
      TimeUnit.MILLISECONDS.sleep(500);
    } catch (IOException failure) {
      throw new IllegalStateException("Sluice cannot be watched", failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while watching", interrupted);
    }
  }

  private static int metricsBytes(SluiceProcess sluice) throws IOException, InterruptedException {
    URI uri = sluice.managementUri("/actuator/prometheus");
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofByteArray())
          .body()
          .length;
    }
  }

  private static long heapAfterGc(SluiceProcess sluice) {
    try {
      Process jcmd =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                  Long.toString(sluice.pid()),
                  "GC.run")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertThat(jcmd.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(jcmd.exitValue()).isZero();
    } catch (IOException failure) {
      throw new IllegalStateException("jcmd cannot be started", failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while collecting garbage", interrupted);
    }
    return Metrics.scrape(sluice).sum("jvm_memory_used_bytes", "area=\"heap\"");
  }
}
