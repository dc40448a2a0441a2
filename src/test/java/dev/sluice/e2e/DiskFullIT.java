package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.Ledger;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceClient.Answer;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.SmallDisk;
import dev.sluice.fixture.Standstill;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The disk fills up under load, and is free again a while later. */
class DiskFullIT {

  private static final int MEGABYTES = 32;
  private static final int ITEMS = 12_000;
  private static final int CONCURRENCY = 16;
  private static final int OUTCOME_BUFFER = 1_000;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration HEALED_WITHIN = Duration.ofSeconds(5);

  @Test
  void aFullDiskRefusesAndPausesAndLosesNothing(@TempDir Path directory) throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    Optional<SmallDisk> mounted = SmallDisk.mount(data, MEGABYTES);
    assumeThat(mounted).as("a tmpfs could be mounted on %s, which takes root", data).isPresent();
    try (SmallDisk disk = mounted.orElseThrow();
        TargetServer target = TargetServer.start().on("/x", Script.slow(Duration.ofMillis(2)));
        SluiceProcess sluice =
            SluiceProcess.in(
                    directory,
                    "--sluice.dispatch.concurrency=" + CONCURRENCY,
                    "--sluice.dispatch.outcome-buffer=" + OUTCOME_BUFFER,
                    "--sluice.store.checkpoint-pages=200")
                .start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      String line = "{\"url\":\"" + target.url("/x") + "\",\"body\":{\"n\":1}}";
      String id = client.submit(ITEMS, "", _ -> line);
      Ledger ledger = target.ledger(id);
      await().atMost(LIMIT).until(() -> ledger.itemCount() > 200);

      disk.fill();
      Answer refused = submitLarge(client, line);
      assertThat(refused.status()).as("%s", refused.json()).isEqualTo(507);
      assertThat(refused.json().path("code").asString()).isEqualTo("store_full");
      long _ = Standstill.of(ledger::requestCount, Duration.ofMillis(700), LIMIT);
      assertThat(ledger.itemCount()).as("sent before the disk was full").isLessThan(ITEMS);
      Answer small = submitOne(client, line);
      assertThat(small.status()).as("%s", small.json()).isEqualTo(507);
      assertThat(client.get("/v1/batches").json().path("data").size())
          .as("batches, without any part of what was refused")
          .isEqualTo(1);
      long settled = client.batch(id).path("counts").path("succeeded").asLong();
      assertThat(ledger.itemCount() - settled)
          .as("sent and not yet on disk")
          .isLessThanOrEqualTo(OUTCOME_BUFFER + CONCURRENCY);
      assertThat(sluice.isAlive()).isTrue();

      long sent = ledger.itemCount();
      disk.free();
      await().atMost(HEALED_WITHIN).until(() -> ledger.itemCount() > sent);
      await().atMost(HEALED_WITHIN).until(() -> submitOne(client, line).status() == 202);

      JsonNode batch = client.awaitFinished(id, LIMIT);
      Results results = Results.of(client, id, ITEMS);
      results.agreeWith(batch);
      assertThat(results.count("SUCCEEDED")).isEqualTo(ITEMS);
      assertThat(ledger.requestCount()).as("requests").isEqualTo(ITEMS);
      System.out.println("DiskFullIT: stood still at " + sent + " of " + ITEMS + " items, 0 lost");
    }
  }

  /** More than the log could take from pages that it had before. */
  private static Answer submitLarge(SluiceClient client, String line) {
    return client.send(
        client
            .request("/v1/batches")
            .header("Content-Type", "application/x-ndjson")
            .POST(
                SluiceClient.lines(
                    10_000, i -> line.replace("{\"n\":1}", "{\"n\":\"" + noise(i) + "\"}"))));
  }

  /** Another one for each item: what is repeated is compressed. */
  private static String noise(int seed) {
    StringBuilder text = new StringBuilder();
    SplittableRandom random = new SplittableRandom(seed);
    while (text.length() < 1_000) {
      text.append(Long.toString(random.nextLong() >>> 1, 36));
    }
    return text.toString();
  }

  private static Answer submitOne(SluiceClient client, String line) {
    return client.post("/v1/batches", "{\"items\":[" + line + "]}");
  }
}
