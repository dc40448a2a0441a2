package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.Destination;
import dev.sluice.store.LaneBoard.Lane;
import dev.sluice.store.LaneSnapshot;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.ActiveProfiles;

/** Leaks are seeded and found with what the runbook says, over the management port. */
@SpringBootTest(
    classes = OpsTestApplication.class,
    webEnvironment = WebEnvironment.RANDOM_PORT,
    properties = {"management.server.port=0", "sluice.ops.refresh=1h"})
@ActiveProfiles("diagnosis")
@Timeout(120)
class DiagnosisTests {

  private static final int KIBIBYTES = 4_096;

  @LocalServerPort int apiPort;
  @LocalManagementPort int managementPort;
  @Autowired OpsTestApplication.CommandedBoard board;
  @TempDir Path directory;

  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void closeClient() {
    client.close();
  }

  /** Keeps what should have gone, under a name that is found again. */
  private static final class SeededLeak {
    private final byte[] kept = new byte[1024];
  }

  @Test
  void buffersThatNobodyGivesBackAreCounted() throws Exception {
    double before = value("sluice_buffers_leaked_total");
    double used = value("sluice_buffers_used_bytes{memory=\"direct\"}");
    ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    try {
      // Reported when one has been collected and another is made.
      while (value("sluice_buffers_leaked_total") == before) {
        for (int i = 0; i < 32; i++) {
          assertThat(ByteBufAllocator.DEFAULT.directBuffer(1 << 18).writeLong(i)).isNotNull();
        }
        System.gc();
      }
    } finally {
      ResourceLeakDetector.setLevel(level);
    }
    assertThat(value("sluice_buffers_used_bytes{memory=\"direct\"}")).isGreaterThan(used);
  }

  @Test
  void anExchangeThatNeverEndsIsSeenInItsLaneAndItsThread() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Thread stuck =
        Thread.ofPlatform()
            .name("seeded-exchange")
            .start(
                () -> {
                  try {
                    never.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    Destination calm = new Destination("https", "calm.example.com", 443);
    Destination leaking = new Destination("https", "leaking.example.com", 443);
    board.lanes.add(new Lane(calm, new LaneSnapshot(1, 2, 0, 8, "closed", null, 1, null)));
    board.lanes.add(new Lane(leaking, new LaneSnapshot(2, 64, 500, 64, "closed", null, 0, null)));
    try {
      String lanes = get("/actuator/lanes");
      assertThat(lanes)
          .startsWith("[{\"destination\":\"" + leaking.key())
          .contains("\"inFlight\":64");
      assertThat(lanes).contains(calm.key());
      assertThat(get("/actuator/threaddump"))
          .contains("seeded-exchange")
          .contains("CountDownLatch");
    } finally {
      board.lanes.clear();
      never.countDown();
      stuck.join();
    }
  }

  @Test
  void aHeapDumpNamesWhatIsKept() throws Exception {
    List<SeededLeak> leak = new ArrayList<>();
    for (int i = 0; i < KIBIBYTES; i++) {
      leak.add(new SeededLeak());
    }
    HttpResponse<Path> dump =
        client.send(
            request("/actuator/heapdump").build(), BodyHandlers.ofFile(directory.resolve("h")));
    assertThat(dump.statusCode()).isEqualTo(200);
    assertThat(leak.getLast().kept).hasSize(1024);
    assertThat(holds(dump.body(), SeededLeak.class.getName().replace('.', '/'))).isTrue();
    Files.delete(dump.body());
  }

  @Test
  void aRecordingIsBoundedAndReadable() throws Exception {
    assertThat(send(request("/actuator/recording").DELETE()).statusCode()).isEqualTo(204);
    assertThat(send(request("/actuator/recording")).statusCode()).isEqualTo(404);
    assertThat(record("{\"seconds\": 601}").statusCode()).isEqualTo(400);
    assertThat(record("{\"seconds\": 600}").statusCode()).isEqualTo(204);
    Path file = directory.resolve("r.jfr");
    HttpResponse<Path> recorded =
        client.send(request("/actuator/recording").build(), BodyHandlers.ofFile(file));
    assertThat(recorded.statusCode()).isEqualTo(200);
    assertThat(RecordingFile.readAllEvents(file))
        .anyMatch(event -> event.getEventType().getName().startsWith("jdk."));
    assertThat(send(request("/actuator/recording").DELETE()).statusCode()).isEqualTo(204);
  }

  @Test
  void noneOfItIsOnThePortOfTheApi() throws Exception {
    for (String path : List.of("lanes", "threaddump", "heapdump", "recording")) {
      URI uri = URI.create("http://127.0.0.1:" + apiPort + "/actuator/" + path);
      assertThat(send(HttpRequest.newBuilder(uri)).statusCode()).isEqualTo(404);
    }
  }

  private HttpResponse<String> record(String body) throws Exception {
    return send(
        request("/actuator/recording")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  private static boolean holds(Path file, String text) throws IOException {
    byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
    int matched = 0;
    try (InputStream content = new java.io.BufferedInputStream(Files.newInputStream(file))) {
      for (int next = content.read(); next >= 0 && matched < wanted.length; next = content.read()) {
        matched = next == wanted[matched] ? matched + 1 : next == wanted[0] ? 1 : 0;
      }
    }
    return matched == wanted.length;
  }

  private double value(String series) throws Exception {
    return get("/actuator/prometheus")
        .lines()
        .filter(line -> line.startsWith(series + ' '))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No series " + series));
  }

  private String get(String path) throws Exception {
    HttpResponse<String> answer =
        send(request(path).header("Accept", "application/json, text/plain"));
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.body();
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + managementPort + path));
  }
}
