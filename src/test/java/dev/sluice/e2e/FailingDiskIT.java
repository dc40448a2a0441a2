package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.FailingDisk;
import dev.sluice.fixture.FailingDisk.Call;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceClient.Answer;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk of a running process fails. */
class FailingDiskIT {

  private static final int EX_IOERR = 74;
  private static final int EX_CONFIG = 78;
  private static final int BATCH_ITEMS = 50;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private record Fault(Call call, String suffix) {}

  @Test
  void acknowledgesNothingAfterAFailureAndLosesNothingBefore(@TempDir Path directory)
      throws IOException {
    Optional<FailingDisk> compiled = FailingDisk.in(directory);
    assumeThat(compiled).as("a C compiler is here to make a disk that fails").isPresent();
    FailingDisk disk = compiled.orElseThrow();
    List<String> accepted = new ArrayList<>();
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200));
        SluiceProcess sluice =
            SluiceProcess.in(directory, "--sluice.store.checkpoint-pages=100")
                .wrapped(disk::wrap)) {
      Path file = sluice.dataDirectory().resolve("sluice.db");
      String line = "{\"url\":\"" + target.url("/x") + "\"}";
      for (Fault fault :
          List.of(
              // The commit itself, and the copying of the log behind it.
              new Fault(Call.FSYNC, "-wal"), new Fault(Call.PWRITE, ""))) {
        sluice.start();
        try (SluiceClient client = new SluiceClient(sluice.uri())) {
          for (int i = 0; i < 10; i++) {
            accepted.add(client.submit(BATCH_ITEMS, "", _ -> line));
          }
          disk.fail(fault.call, file.resolveSibling(file.getFileName() + fault.suffix));
          submitUntilRefused(client, line, accepted);
          refusesFromNowOn(client, line);
          assertThat(sluice.awaitExit(Duration.ofSeconds(10))).as("%s", fault).isEqualTo(EX_IOERR);
          assertThat(sluice.log()).contains("The store's disk failed");
        } finally {
          disk.heal();
        }
      }
      sluice.start();
      try (SluiceClient client = new SluiceClient(sluice.uri())) {
        for (String id : accepted) {
          client.awaitFinished(id, LIMIT);
          assertThat(Results.of(client, id, BATCH_ITEMS).count("SUCCEEDED")).isEqualTo(BATCH_ITEMS);
        }
      }
      sluice.kill();
      flipABitOfTheLog(file);
      sluice.launch();
      assertThat(sluice.awaitExit(LIMIT)).isEqualTo(EX_CONFIG);
      assertThat(sluice.log())
          .contains(file + "-wal is damaged")
          .contains("from a backup")
          .doesNotContain("\tat ");
    }
    System.out.println("FailingDiskIT: " + accepted.size() + " batches accepted, 0 lost");
  }

  /** Whatever is acknowledged counts, up to the first refusal. */
  private static void submitUntilRefused(SluiceClient client, String line, List<String> accepted) {
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(1))
        .until(
            () -> {
              Answer answer = submit(client, line);
              if (answer != null && answer.status() == 202) {
                accepted.add(answer.batchId());
                return false;
              }
              return true;
            });
  }

  private static void refusesFromNowOn(SluiceClient client, String line) {
    Answer answer = submit(client, line);
    while (answer != null) {
      assertThat(answer.status()).as("after the failure: %s", answer.json()).isEqualTo(503);
      answer = submit(client, line);
    }
  }

  /** Null when nobody answers any more. */
  private static @org.jspecify.annotations.Nullable Answer submit(
      SluiceClient client, String line) {
    try {
      return client.send(
          client
              .request("/v1/batches")
              .header("Content-Type", "application/x-ndjson")
              .POST(SluiceClient.lines(BATCH_ITEMS, _ -> line)));
    } catch (UncheckedIOException gone) {
      return null;
    }
  }

  private static void flipABitOfTheLog(Path file) throws IOException {
    try (RandomAccessFile log = new RandomAccessFile(file + "-wal", "rw")) {
      log.seek(100);
      int before = log.read();
      log.seek(100);
      log.write(before ^ 4);
    }
  }
}
