package dev.sluice.demo;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.context.SmartLifecycle;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * An order service that is sometimes busy: a real HTTP server on a free loopback port. It starts
 * before Sluice sends and stops after, so that a drain finds it answering.
 */
final class SampleDestination implements SmartLifecycle {

  private static final Duration STOP_LIMIT = Duration.ofSeconds(2);
  private static final String PATH = "/orders/";

  private final SampleAnswers answers;
  private final LongAdder requestCount = new LongAdder();
  private final LongAdder retryCount = new LongAdder();

  /** Items seen, guarded by itself. */
  private final BitSet items = new BitSet();

  private volatile @Nullable DisposableServer server;

  SampleDestination(SampleAnswers answers) {
    this.answers = answers;
  }

  /**
   * What the destination saw since its start.
   *
   * @param items distinct items
   * @param requests requests, retries included
   * @param retries requests that said to be a second or later attempt
   */
  record Seen(int items, long requests, long retries) {}

  @Override
  public void start() {
    server =
        HttpServer.create()
            .bindAddress(() -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .route(routes -> routes.post(PATH + "{index}", this::answer))
            .bindNow();
  }

  private Publisher<Void> answer(HttpServerRequest request, HttpServerResponse response) {
    int index = number(request.param("index"), -1);
    if (index < 0) {
      return response.status(404).send();
    }
    int attempt = number(request.requestHeaders().get("Sluice-Attempt"), 1);
    requestCount.increment();
    if (attempt > 1) {
      retryCount.increment();
    }
    synchronized (items) {
      items.set(index);
    }
    SampleAnswers.Answer answer = answers.answer(index, attempt);
    response.status(answer.status());
    if (answer.retryAfter()) {
      response.header("Retry-After", "1");
    }
    return request
        .receive()
        .then(Mono.delay(answer.latency()))
        .then(response.header("Content-Type", "text/plain").sendString(text(answer)).then());
  }

  private static Mono<String> text(SampleAnswers.Answer answer) {
    return Mono.just(
        switch (answer.status()) {
          case 200 -> "created\n";
          case 400 -> "unknown article\n";
          default -> "busy, come again\n";
        });
  }

  private static int number(@Nullable String text, int otherwise) {
    if (text == null || !text.matches("[0-9]{1,9}")) {
      return otherwise;
    }
    return Integer.parseInt(text);
  }

  /** Gives the URL that takes the order of an item. */
  String url(int index) {
    DisposableServer running = server;
    if (running == null) {
      throw new IllegalStateException("The sample destination is not running, indicates a bug");
    }
    return "http://127.0.0.1:" + running.port() + PATH + index;
  }

  /** Gives what came in so far. */
  Seen seen() {
    synchronized (items) {
      return new Seen(items.cardinality(), requestCount.sum(), retryCount.sum());
    }
  }

  @Override
  public void stop() {
    DisposableServer running = server;
    if (running != null) {
      running.disposeNow(STOP_LIMIT);
      server = null;
    }
  }

  @Override
  public boolean isRunning() {
    return server != null;
  }

  @Override
  public int getPhase() {
    return Integer.MIN_VALUE;
  }
}
