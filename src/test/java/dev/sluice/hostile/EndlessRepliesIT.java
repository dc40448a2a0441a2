package dev.sluice.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Metrics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import tools.jackson.databind.JsonNode;

/**
 * 256 replies without end at once, read for as long as the deadline allows, under {@code -Xmx256m}:
 * the heap stays flat, because nothing of a reply is kept beyond what was asked for.
 */
@Isolated("it bounds the heap while the machine has nothing else to do")
class EndlessRepliesIT {

  private static final int AT_ONCE = 256;
  private static final int ROUNDS = 4;
  private static final Duration TIMEOUT = Duration.ofSeconds(3);
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final long MEBIBYTE = 1024 * 1024;
  private static final long MOST_GROWTH_MEBIBYTES = 16;

  @Test
  void keepsTheHeapFlat(@TempDir Path directory) throws IOException {
    try (HostileSluice sluice =
            new HostileSluice(
                directory,
                "-Xmx256m",
                AT_ONCE,
                "--sluice.dispatch.ceiling=" + AT_ONCE,
                "--sluice.attempt.max-response=1GB");
        HostileDestination destination = HostileDestination.start()) {
      String url = destination.url(Faults.named("infinite-body-paced"));
      int items = AT_ONCE * ROUNDS;
      String id =
          sluice
              .client()
              .submit(
                  items,
                  "capture.on=always&timeout=" + TIMEOUT.toMillis() + "ms",
                  index -> "{\"url\":\"" + url + "?n=" + index + "\"}");
      sluice
          .client()
          .awaitBatch(id, LIMIT, batch -> batch.path("counts").path("inFlight").asInt() == AT_ONCE);
      List<Long> heap = new ArrayList<>();
      JsonNode batch = sluice.client().batch(id);
      while (batch.path("counts").path("pending").asInt() > 0) {
        sluice.collectGarbage();
        heap.add(
            Metrics.scrape(sluice.process()).sum("jvm_memory_used_bytes", "area=\"heap\"")
                / MEBIBYTE);
        batch = sluice.client().batch(id);
      }
      batch = sluice.client().awaitFinished(id, LIMIT);
      System.out.println("EndlessRepliesIT: MiB of heap after each collection " + heap);

      assertThat(batch.path("counts").path("succeeded").asInt()).isEqualTo(items);
      assertThat(heap).hasSizeGreaterThanOrEqualTo(ROUNDS);
      int half = heap.size() / 2;
      assertThat(least(heap.subList(half, heap.size())))
          .as("growth of the heap: %s", heap)
          .isLessThanOrEqualTo(least(heap.subList(0, half)) + MOST_GROWTH_MEBIBYTES);
      assertThat(sluice.process().log()).doesNotContain("OutOfMemory", "LEAK:");
    }
  }

  private static long least(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).min().orElseThrow();
  }
}
