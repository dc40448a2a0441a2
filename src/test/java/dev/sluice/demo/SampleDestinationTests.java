package dev.sluice.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SampleDestinationTests {

  private final SampleAnswers answers = new SampleAnswers();
  private final SampleDestination destination = new SampleDestination(answers);
  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeEach
  void start() {
    destination.start();
  }

  @AfterEach
  void stop() {
    http.shutdownNow();
    destination.stop();
  }

  private HttpResponse<String> post(String url, int attempt) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(url))
            .header("Sluice-Attempt", Integer.toString(attempt))
            .POST(BodyPublishers.ofString("{}"))
            .build(),
        BodyHandlers.ofString());
  }

  private int firstWith(int status) {
    return IntStream.range(0, 10_000)
        .filter(index -> answers.answer(index, 1).status() == status)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void answersAsScriptedAndRemembersWhatItSaw() throws Exception {
    int busy = firstWith(503);

    assertThat(post(destination.url(firstWith(200)), 1).statusCode()).isEqualTo(200);
    assertThat(post(destination.url(firstWith(400)), 1).statusCode()).isEqualTo(400);
    assertThat(post(destination.url(busy), 1).statusCode()).isEqualTo(503);
    assertThat(post(destination.url(busy), 2).statusCode()).isEqualTo(200);

    assertThat(destination.seen()).isEqualTo(new SampleDestination.Seen(3, 4, 1));
  }

  @Test
  void asksForRetryAfterOnceInAWhile() throws Exception {
    HttpResponse<String> response = post(destination.url(2_500), 1);

    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.headers().firstValue("Retry-After")).contains("1");
  }

  @Test
  void knowsNoOtherPath() throws Exception {
    assertThat(post(destination.url(0) + "x", 1).statusCode()).isEqualTo(404);
    assertThat(destination.seen().requests()).isZero();
  }

  @Test
  void refusesFewEnoughForAClosedBreakerAndEveryItemSucceedsInTheEnd() {
    long refused = IntStream.range(0, 10_000).filter(i -> status(i, 1) == 400).count();
    long busy = IntStream.range(0, 10_000).filter(i -> status(i, 1) == 503).count();
    long exhausted =
        IntStream.range(0, 10_000)
            .filter(i -> IntStream.rangeClosed(1, 8).allMatch(n -> status(i, n) == 503))
            .count();

    assertThat(refused).isBetween(100L, 200L);
    assertThat(busy).isBetween(400L, 600L);
    assertThat(exhausted).isZero();
  }

  private int status(int index, int attempt) {
    return answers.answer(index, attempt).status();
  }
}
