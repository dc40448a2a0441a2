package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.store.BatchRef;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.TestPropertySource;

/**
 * Whatever is sent is answered, and never with a fault of ours. {@code -Dsluice.fuzz.requests} sets
 * how many, {@code -Dsluice.fuzz.seed} which; {@code -Dsluice.fuzz.only} sends one alone. What is
 * kept in memory does not grow with them.
 */
@NullUnmarked
@Import(TestRoutesApplication.class)
@TestPropertySource(
    properties = {
      "sluice.api.max-wait=1s",
      "sluice.security.requests-per-address=0",
      "sluice.security.quota.batches=0",
      "sluice.intake.max-body=1MB",
      "server.tomcat.connection-timeout=2s",
      "server.tomcat.max-keep-alive-requests=1"
    })
class ApiFuzzTests extends ApiTestBase {

  private static final long REQUESTS = Long.getLong("sluice.fuzz.requests", 3_000);
  private static final long SEED = Long.getLong("sluice.fuzz.seed", 1);
  private static final long ONLY = Long.getLong("sluice.fuzz.only", -1);
  private static final int PATIENCE_MILLIS = 20_000;
  private static final int SHOWN = 2_000;

  /** How often the heap is looked at; from the second look on, what is loaded once is there. */
  private static final int LOOKS = 5;

  private static final long SLACK_BYTES = 16L << 20;

  @Test
  void nothingThatIsSentIsAFaultOfOurs() throws IOException {
    BatchRef whole = batch(2);
    store.settle(whole, List.of(succeeded(0), failed(1, 500, "no")));
    ApiMutations mutations =
        new ApiMutations(get("/v3/api-docs").json(), List.of(whole.publicId(), "bat_none"), SEED);
    assertThat(mutations.operationCount()).isGreaterThan(20);
    Map<String, Long> byStatus = new TreeMap<>();
    List<String> faults = new ArrayList<>();
    List<Long> heap = new ArrayList<>();
    long from = ONLY >= 0 ? ONLY : 0;
    long to = ONLY >= 0 ? ONLY + 1 : REQUESTS;
    for (long number = from; number < to && faults.size() < 10; number++) {
      ApiMutations.Request request = mutations.request(number);
      String answer = send(request);
      byStatus.merge(status(answer), 1L, Long::sum);
      if (isFault(request, answer)) {
        faults.add("%d: %s%n-> %s".formatted(number, shown(request), shown(answer)));
      }
      if ((number + 1) % Math.max(1, REQUESTS / LOOKS) == 0) {
        heap.add(liveBytes());
      }
    }
    System.out.printf("Requests by status, seed %d: %s; heap %s%n", SEED, byStatus, heap);
    assertThat(faults).as("seed %d", SEED).isEmpty();
    if (ONLY < 0) {
      assertThat(byStatus.keySet()).as("some of it is understood").contains("200", "400", "404");
      assertThat(heap.getLast()).as("%s", heap).isLessThan(heap.get(1) + SLACK_BYTES);
    }
  }

  private static long liveBytes() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }

  private String send(ApiMutations.Request request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      try {
        socket.getOutputStream().write(request.bytes());
        socket.getOutputStream().flush();
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      } catch (SocketTimeoutException _) {
        return "no answer";
      } catch (IOException e) {
        // Refused before it was read to its end.
        return "cut " + e.getMessage();
      }
    }
  }

  private static String status(String answer) {
    return answer.startsWith("HTTP/1.1 ") ? answer.substring(9, 12) : answer.split(" ", 2)[0];
  }

  private static boolean isFault(ApiMutations.Request request, String answer) {
    String status = status(answer);
    if (status.equals("cut")) {
      return false;
    }
    boolean tells =
        answer.contains("Exception")
            || answer.contains("dev.sluice.")
            || answer.contains("org.springframework")
            || answer.contains("<html");
    boolean page = request.target().startsWith("/swagger-ui");
    return status.length() != 3 || status.startsWith("5") || (tells && !page);
  }

  private static String shown(Object value) {
    String text = value.toString();
    return text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
  }
}
