package dev.sluice.bench;

import java.time.Duration;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code WebClient} as its first page of documentation shows it, fanned out by one flatMap. */
final class DefaultWebClientSender implements SenderMain.Sender {

  private final WebClient client = WebClient.create();
  private final String url;
  private final String body;

  DefaultWebClientSender(String url, int bodyBytes) {
    this.url = url;
    this.body = SenderMain.body(bodyBytes);
  }

  @Override
  public void send(int items, int concurrency, SenderMain.Tally tally) {
    Flux.range(0, items)
        .flatMap(_ -> exchange(tally), concurrency)
        .blockLast(Duration.ofMinutes(10));
  }

  private Mono<Boolean> exchange(SenderMain.Tally tally) {
    long started = System.nanoTime();
    return client
        .post()
        .uri(url)
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(body)
        .retrieve()
        .toEntity(String.class)
        .map(answer -> answer.getStatusCode().value() == 200)
        .onErrorReturn(false)
        .doOnNext(succeeded -> tally.ended(started, succeeded));
  }
}
