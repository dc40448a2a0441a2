package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What a client names and policy denies is accepted and ends {@code REJECTED}, unsent. */
class EgressIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir private Path directory;

  @Test
  void neverSendsToItselfNorToWhatIsDeniedByDefaultNorToWhatIsMalformed() {
    try (SluiceProcess sluice = SluiceProcess.in(directory).start();
        SluiceClient client = new SluiceClient(sluice.uri());
        TargetServer target = TargetServer.start().on("/x", Script.status(200))) {
      int api = sluice.uri().getPort();
      int management = sluice.managementUri("/").getPort();
      List<String> urls =
          List.of(
              target.url("/x"),
              "http://127.0.0.1:" + api + "/v1/batches",
              "http://127.77.0.1:" + api + "/v1/batches",
              "http://localhost:" + api + "/v1/batches",
              "http://[::1]:" + api + "/v1/batches",
              "http://0.0.0.0:" + api + "/v1/batches",
              "http://127.0.0.1:" + management + "/actuator/health",
              "http://169.254.169.254/latest/meta-data/",
              "http://metadata.google.internal/",
              "http://127.0.0.1:6379/");

      String id = client.submit(urls.size(), "", index -> item(urls.get(index)));
      JsonNode batch = client.awaitFinished(id, LIMIT);

      assertThat(batch.path("counts").path("succeeded").asInt()).isOne();
      assertThat(batch.path("counts").path("rejected").asInt()).isEqualTo(urls.size() - 1);
      JsonNode rejected = client.get("/v1/batches/" + id + "/items/1").json();
      assertThat(rejected.path("error").path("code").asString()).isEqualTo("guard");
      assertThat(rejected.path("error").path("message").asString()).contains("itself");
      whatIsMalformedFailsTheSubmission(client);
      assertThat(client.get("/v1/batches").json().path("data")).hasSize(1);
    }
  }

  @Test
  void behindAProxyItDoesNotReachInside() {
    try (SluiceProcess sluice =
            SluiceProcess.in(directory, "--sluice.attempt.egress.networks=none").start();
        SluiceClient client = new SluiceClient(sluice.uri());
        TargetServer target = TargetServer.start().on("/x", Script.status(200))) {
      String id = client.submit(20, "", _ -> item(target.url("/x")));
      JsonNode batch = client.awaitFinished(id, LIMIT);
      assertThat(batch.path("counts").path("rejected").asInt()).isEqualTo(20);
      assertThat(target.requestCount()).isZero();
    }
  }

  private static void whatIsMalformedFailsTheSubmission(SluiceClient client) {
    for (String url : List.of("http://2130706433/", "http://a@b.example/", "gopher://a/")) {
      SluiceClient.Answer answer =
          client.post(
              "/v1/batches", "{\"items\":[{\"url\":\"https://a.example/\"}," + item(url) + "]}");
      assertThat(answer.status()).isEqualTo(400);
      JsonNode error = answer.json().path("errors").path(0);
      assertThat(error.path("index").asInt()).isOne();
      assertThat(error.path("code").asString()).isEqualTo("invalid_url");
    }
  }

  private static String item(String url) {
    return "{\"url\":\"" + url + "\"}";
  }
}
