package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.Ledger;
import dev.sluice.fixture.Script;
import dev.sluice.fixture.Script.Reply;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteConfig;
import tools.jackson.databind.JsonNode;

/** An item that ends the process whenever it is sent: it is found, and everything else is sent. */
class PoisonIT {

  private static final int ITEMS = 400;
  private static final int POISON = 150;

  /**
   * Two until its shard runs alone and two to convict it. An end before which anything else of the
   * shard was settled begins the count anew, and how many do depends on how fast items are sent and
   * stored: what a slow machine needs more of is not worth less.
   */
  private static final int MOST_ENDS_IN_A_ROW = 4;

  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Test
  void isFoundAfterAFewEndsAndTheRestIsSent(@TempDir Path directory) {
    try (TargetServer target = TargetServer.start().on("/x", Script.status(200));
        SluiceProcess sluice = SluiceProcess.in(directory).start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      target.on(
          "/poison",
          _ -> {
            ProcessHandle.of(sluice.pid()).ifPresent(ProcessHandle::destroyForcibly);
            return Reply.of(200).ending(Script.Ending.SILENCE);
          });
      String id =
          client.submit(
              ITEMS,
              "",
              index -> "{\"url\":\"" + target.url(index == POISON ? "/poison" : "/x") + "\"}");
      Ledger ledger = target.ledger(id);

      int ends = 0;
      int inARow = 0;
      long settled = 0;
      List<Long> settledAtEnds = new ArrayList<>();
      while (hasEnded(sluice, client, id)) {
        ends++;
        long before = settled;
        settled = settledCount(sluice);
        settledAtEnds.add(settled);
        inARow = settled > before ? 1 : inARow + 1;
        assertThat(inARow)
            .as("ends in a row, settled at each: %s", settledAtEnds)
            .isLessThanOrEqualTo(MOST_ENDS_IN_A_ROW);
        // It may be sent, and end the process, before that is ready.
        var _ = sluice.launch().becomesReady();
      }

      JsonNode batch = client.awaitFinished(id, LIMIT);
      Results results = Results.of(client, id, ITEMS);
      results.agreeWith(batch);
      JsonNode item = client.get("/v1/batches/" + id + "/items/" + POISON).json();
      System.out.println("PoisonIT: found after " + ends + " ends, settled: " + settledAtEnds);
      assertThat(item.path("error").path("code").asString()).as("%s", item).isEqualTo("poison");
      assertThat(results.count("FAILED")).isEqualTo(1);
      assertThat(results.count("SUCCEEDED")).isEqualTo(ITEMS - 1);
      assertThat(ledger.itemCount()).isEqualTo(ITEMS);
      assertThat(ends).isGreaterThanOrEqualTo(4);
    }
  }

  /** Gives the items of the only shard that were settled when the process ended. */
  private static long settledCount(SluiceProcess sluice) {
    SQLiteConfig config = new SQLiteConfig();
    config.setReadOnly(true);
    String url = "jdbc:sqlite:" + sluice.dataDirectory().resolve("sluice.db");
    try (Connection connection = config.createConnection(url);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT settled_count FROM shard")) {
      assertThat(row.next()).isTrue();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException("The file of an ended process cannot be read", e);
    }
  }

  /** Waits until the process ended, or the batch did. */
  private static boolean hasEnded(SluiceProcess sluice, SluiceClient client, String id) {
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> !sluice.isAlive() || isFinished(client, id));
    return !sluice.isAlive();
  }

  private static boolean isFinished(SluiceClient client, String id) {
    try {
      return client.batch(id).path("state").asString().equals("COMPLETED");
    } catch (UncheckedIOException e) {
      // The process may end within the call; whether it did is asked again.
      return false;
    }
  }
}
