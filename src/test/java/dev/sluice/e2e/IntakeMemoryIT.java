package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A submission larger than the heap is accepted. {@code -Dsluice.intake.items=1000000} sends 350 MB
 * under {@code -Xmx512m}; without it a smaller file meets a smaller heap.
 */
class IntakeMemoryIT {

  private static final int ITEMS = Integer.getInteger("sluice.intake.items", 600_000);
  private static final String HEAP = ITEMS >= 1_000_000 ? "-Xmx512m" : "-Xmx192m";

  @Test
  void acceptsMoreThanFitsIntoTheHeap(@TempDir Path directory) {
    try (SluiceProcess sluice = SluiceProcess.in(directory).jvm(HEAP).start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      String line =
          "{\"url\":\"http://127.0.0.1:%d/x\",\"body\":{\"pad\":\"%s\"}}"
              .formatted(TargetServer.deadPort(), "x".repeat(290));

      String id =
          client.submit(ITEMS, "notBefore=2099-01-01T00:00:00Z&expectedItems=" + ITEMS, _ -> line);

      JsonNode batch = client.batch(id);
      assertThat(batch.path("state").asString()).isEqualTo("SCHEDULED");
      assertThat(batch.path("counts").path("total").asInt()).isEqualTo(ITEMS);
      assertThat(batch.path("counts").path("pending").asInt()).isEqualTo(ITEMS);
      assertThat(sluice.log()).doesNotContain("OutOfMemoryError");
    }
  }
}
