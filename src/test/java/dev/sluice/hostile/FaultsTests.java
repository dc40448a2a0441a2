package dev.sluice.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FaultsTests {

  @Test
  void haveUniqueNamesThatTheManualLists() throws IOException {
    String readme = Files.readString(Path.of("README.md"));

    assertThat(Faults.all()).extracting(Fault::name).doesNotHaveDuplicates();
    assertThat(Faults.all()).allMatch(fault -> readme.contains("`" + fault.name() + "`"));
    assertThat(readme.contains(Faults.all().size() + " ways to misbehave")).isTrue();
  }

  @Test
  void areAllMetInWaves() {
    assertThat(Faults.waves().stream().flatMap(wave -> wave.stream()))
        .containsExactlyInAnyOrderElementsOf(Faults.all());
  }

  @Test
  void areChosenByPath() throws Exception {
    try (HostileDestination destination = HostileDestination.start();
        HttpClient http = HttpClient.newHttpClient()) {
      URI loop = URI.create(destination.url(Faults.named("redirect-loop")));

      HttpResponse<String> moved =
          http.send(HttpRequest.newBuilder(loop).build(), BodyHandlers.ofString());
      HttpResponse<String> well =
          http.send(HttpRequest.newBuilder(loop.resolve("/well")).build(), BodyHandlers.ofString());

      assertThat(moved.statusCode()).isEqualTo(302);
      assertThat(moved.headers().firstValue("Location")).contains(loop.toString());
      assertThat(well.statusCode()).isEqualTo(200);
      assertThat(destination.oracle().receivedCount()).isEqualTo(2);
    }
  }
}
