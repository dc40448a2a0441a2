package dev.sluice.bench;

import static java.lang.String.format;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/**
 * Measures the packaged service: intake and dispatch of batches over loopback, whole-process
 * figures. Properties: {@code items} (200000), {@code bodyBytes} (300), {@code concurrency} (64),
 * {@code rounds} (4), {@code heap} is 512 MiB. The first rounds warm the JIT up; read the last.
 *
 * <p>The phases do not overlap: a batch is not dispatched before its submission is answered.
 */
public final class LoadMeasurement {

  private static final Duration LIMIT = Duration.ofMinutes(10);

  private LoadMeasurement() {}

  /** Runs all rounds and prints a line for each. */
  public static void main(String[] args) throws IOException {
    int items = Integer.getInteger("items", 200_000);
    int bodyBytes = Integer.getInteger("bodyBytes", 300);
    int concurrency = Integer.getInteger("concurrency", 64);
    int rounds = Integer.getInteger("rounds", 4);
    Path directory = Files.createTempDirectory("sluice-load-");
    try (Sink sink = new Sink(0);
        SluiceProcess sluice =
            SluiceProcess.in(directory, "--sluice.dispatch.concurrency=" + concurrency).start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      print(
          format(
              Locale.ROOT,
              "%,d items, %d B bodies, concurrency %d, pid %d",
              items,
              bodyBytes,
              concurrency,
              sluice.pid()));
      print(
          format(
              Locale.ROOT,
              "%5s %14s %14s %14s %14s %12s",
              "round",
              "intake it/s",
              "CPU us/item",
              "dispatch it/s",
              "CPU us/item",
              "peak RSS MiB"));
      for (int round = 1; round <= rounds; round++) {
        round(round, items, line(sink.port(), bodyBytes), sluice, client, sink);
      }
    } finally {
      delete(directory);
    }
  }

  private static String line(int port, int bodyBytes) {
    int padding = Math.max(0, bodyBytes - "{\"pad\":\"\"}".length());
    return "{\"url\":\"http://127.0.0.1:%d/sink\",\"body\":{\"pad\":\"%s\"}}"
        .formatted(port, "x".repeat(padding));
  }

  private static void round(
      int round, int items, String line, SluiceProcess sluice, SluiceClient client, Sink sink) {
    long requestsBefore = sink.requestCount();
    ProcessCost start = ProcessCost.of(sluice.pid());
    long startNanos = System.nanoTime();
    String id = client.submit(items, "expectedItems=" + items, _ -> line);
    double intakeSeconds = (System.nanoTime() - startNanos) / 1e9;
    ProcessCost accepted = ProcessCost.of(sluice.pid());
    JsonNode batch = client.awaitFinished(id, LIMIT);
    ProcessCost finished = ProcessCost.of(sluice.pid());
    double dispatchSeconds =
        Duration.between(
                    Instant.parse(batch.path("sealedAt").asString()),
                    Instant.parse(batch.path("finishedAt").asString()))
                .toNanos()
            / 1e9;
    long seen = sink.requestCount() - requestsBefore;
    long succeeded = batch.path("counts").path("succeeded").asLong();
    if (seen != items || succeeded != items) {
      throw new IllegalStateException(
          "Sent %d items, %d succeeded, the sink saw %d".formatted(items, succeeded, seen));
    }
    print(
        format(
            Locale.ROOT,
            "%5d %,14.0f %14.1f %,14.0f %14.1f %,12d",
            round,
            items / intakeSeconds,
            (accepted.cpuMicros() - start.cpuMicros()) / (double) items,
            items / dispatchSeconds,
            (finished.cpuMicros() - accepted.cpuMicros()) / (double) items,
            ProcessCost.peakResidentMebibytes(sluice.pid())));
  }

  private static void print(String text) {
    System.out.println(text);
  }

  private static void delete(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
