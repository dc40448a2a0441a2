package dev.sluice.chaos;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;

/** How long a start takes with a great many items pending, the last process killed among them. */
final class Backlog {

  private static final int STARTS = 5;
  private static final Duration MOST = Duration.ofSeconds(10);

  private Backlog() {}

  /**
   * Kills and starts a process whose destination takes nothing.
   *
   * @param items pending
   */
  static Row run(Path directory, int items) throws IOException {
    Row row = new Row("restart with %,d pending".formatted(items));
    List<Duration> restarts = new ArrayList<>();
    Files.createDirectories(directory);
    // Nobody accepts: the kernel takes the connections, and no reply comes.
    try (ServerSocket silent = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
        SluiceProcess sluice = SluiceProcess.in(directory).start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      String url = "http://127.0.0.1:" + silent.getLocalPort() + "/";
      String line = "{\"url\":\"" + url + "\",\"body\":{\"n\":1}}";
      String id = client.submit(items, "expectedItems=" + items, _ -> line);
      for (int start = 0; start < STARTS; start++) {
        sluice.kill();
        long begun = System.nanoTime();
        sluice.start();
        restarts.add(Duration.ofNanos(System.nanoTime() - begun));
        JsonNode counts = client.batch(id).path("counts");
        long left = counts.path("pending").asLong() + counts.path("inFlight").asLong();
        if (left != items) {
          row.fault("%,d of %,d items are left".formatted(left, items));
        }
      }
    }
    row.restarted(restarts, items);
    if (Findings.p99(restarts).compareTo(MOST) > 0) {
      row.fault("A start took longer than " + MOST + ": " + restarts);
    }
    FileSystemUtils.deleteRecursively(directory);
    return row;
  }
}
