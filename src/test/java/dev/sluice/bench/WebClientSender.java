package dev.sluice.bench;

import io.netty.channel.ChannelOption;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Subscription;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import org.springframework.web.reactive.function.client.ExchangeFunctions;
import org.springframework.web.reactive.function.client.ExchangeStrategies;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/**
 * The exchange function that a {@code WebClient} is built with, one prepared request, a pool like
 * Sluice's, and lanes: each place takes the next item when its exchange completes, without an
 * operator in between. What is left when Sluice's store, limits and report are taken away.
 */
final class WebClientSender implements SenderMain.Sender {

  private static final int MOST_CONNECTIONS = 10_016;
  private static final Duration LONGEST_EXCHANGE = Duration.ofSeconds(30);

  private final DefaultDataBufferFactory buffers = new DefaultDataBufferFactory();
  private final ExchangeFunction exchange;
  private final URI url;
  private final ClientRequest request;

  WebClientSender(String url, int bodyBytes, boolean pooled) {
    ConnectionProvider connections =
        pooled
            ? ConnectionProvider.builder("bench")
                .maxConnections(MOST_CONNECTIONS)
                .lifo()
                .maxIdleTime(Duration.ofSeconds(20))
                .build()
            : ConnectionProvider.newConnection();
    HttpClient client =
        HttpClient.create(connections)
            .runOn(LoopResources.create("bench", Runtime.getRuntime().availableProcessors(), true))
            .keepAlive(pooled)
            .disableRetry(true)
            .noProxy()
            .option(ChannelOption.TCP_NODELAY, true);
    exchange =
        ExchangeFunctions.create(
            new ReactorClientHttpConnector(client), ExchangeStrategies.withDefaults());
    this.url = URI.create(url);
    request = request(SenderMain.body(bodyBytes).getBytes(StandardCharsets.US_ASCII));
  }

  private ClientRequest request(byte[] body) {
    return ClientRequest.create(HttpMethod.POST, url)
        .header("Content-Type", "application/json")
        .header("Content-Length", Integer.toString(body.length))
        .body((message, _) -> message.writeWith(Mono.just(buffers.wrap(body))))
        .build();
  }

  /** Sends one request and waits for its reply; for threads that may block. */
  void sendOne(byte[] body, SenderMain.Tally tally) {
    long startedNanos = System.nanoTime();
    boolean succeeded = false;
    try {
      succeeded =
          Boolean.TRUE.equals(
              exchange
                  .exchange(request(body))
                  .flatMap(
                      response ->
                          response.releaseBody().thenReturn(response.statusCode().value() == 200))
                  .block(LONGEST_EXCHANGE));
    } finally {
      tally.ended(startedNanos, succeeded);
    }
  }

  @Override
  public void send(int items, int concurrency, SenderMain.Tally tally) throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    CountDownLatch running = new CountDownLatch(concurrency);
    for (int place = 0; place < concurrency; place++) {
      new Place(next, items, tally, running).next();
    }
    running.await();
  }

  /** One exchange after the other; a verdict that comes at once does not grow the stack. */
  private final class Place {
    private final AtomicInteger sent;
    private final int items;
    private final SenderMain.Tally tally;
    private final CountDownLatch running;
    private final AtomicInteger rounds = new AtomicInteger();

    Place(AtomicInteger sent, int items, SenderMain.Tally tally, CountDownLatch running) {
      this.sent = sent;
      this.items = items;
      this.tally = tally;
      this.running = running;
    }

    void next() {
      if (rounds.getAndIncrement() != 0) {
        return;
      }
      do {
        if (sent.getAndIncrement() >= items) {
          running.countDown();
          return;
        }
        exchange.exchange(request).subscribe(new Reply(this));
      } while (rounds.decrementAndGet() != 0);
    }
  }

  private static final class Reply implements CoreSubscriber<ClientResponse> {
    private final Place place;
    private final long startedNanos = System.nanoTime();
    private boolean replied;

    Reply(Place place) {
      this.place = place;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ClientResponse response) {
      replied = true;
      boolean succeeded = response.statusCode().value() == 200;
      response
          .body((message, _) -> new Body(message.getBody()))
          .buffers()
          .subscribe(DataBufferUtils::release, _ -> end(false), () -> end(succeeded));
    }

    @Override
    public void onError(Throwable error) {
      end(false);
    }

    @Override
    public void onComplete() {
      if (!replied) {
        end(false);
      }
    }

    private void end(boolean succeeded) {
      place.tally.ended(startedNanos, succeeded);
      place.next();
    }
  }

  /** Carries the raw body out of a response past the operators that a publisher would get. */
  private record Body(Flux<DataBuffer> buffers) {}
}
