package dev.sluice.attempt;

import static dev.sluice.fixture.RawServer.readRequest;
import static dev.sluice.fixture.RawServer.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.attempt.egress.Policies;
import dev.sluice.fixture.RawServer;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Capture;
import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.RetryOptions;
import dev.sluice.model.StatusPatterns;
import dev.sluice.model.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.springframework.util.unit.DataSize;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;
import reactor.test.StepVerifier;

/** One attempter on real sockets; no test may leave a connection behind. */
class AttempterTestBase {

  static final Duration PATIENCE = Duration.ofSeconds(20);
  static final AttemptProperties PROPERTIES =
      new AttemptProperties(
          Duration.ofSeconds(2),
          Duration.ofSeconds(20),
          64,
          DataSize.ofKilobytes(64),
          DataSize.ofKilobytes(32),
          8192,
          "Idempotency-Key",
          1,
          AttemptProperties.LeakDetection.PARANOID);

  static LoopResources loops;
  static ConnectionProvider connections;
  static HttpClient http;
  static ExchangeFunction exchange;
  static Attempter attempter;
  static OutboundPool pool;

  @BeforeAll
  static void start() {
    AttemptConfiguration configuration = new AttemptConfiguration();
    loops = configuration.outboundLoops(PROPERTIES);
    pool = configuration.outboundPool();
    connections = configuration.outboundConnections(PROPERTIES, pool);
    EgressPolicy egress = Policies.ofThisMachine();
    http =
        configuration.outboundHttp(
            PROPERTIES, connections, loops, configuration.outboundNames(loops, egress), egress);
    exchange = configuration.outboundExchange(http);
    attempter = plain(OutboundRoutes.only(exchange), egress);
  }

  @AfterAll
  static void stop() {
    connections.dispose();
    loops.dispose();
  }

  @AfterEach
  void noConnectionIsLeaked() {
    await().untilAsserted(() -> assertThat(pool.counts().acquiredCount()).isZero());
    assertThat(pool.counts().pendingCount()).isZero();
  }

  static Attempter plain(OutboundRoutes routes, EgressPolicy egress) {
    return new WebClientAttempter(
        routes, connections, new VerdictClassifier(ProcessClock.system()), PROPERTIES, egress);
  }

  static AttemptRequest request(int port, Cutter cutter, Capture capture) {
    return new AttemptRequest(
        new Destination("http", "127.0.0.1", port),
        new OutboundRequest(
            "POST",
            "/orders?x=1",
            List.of(new Header("X-Trace", "abc")),
            BodyKind.JSON,
            "{\"a\":1}".getBytes(StandardCharsets.UTF_8)),
        3,
        "bat_1-7",
        new AttemptTerms(
            StatusPatterns.of(List.of("2xx")),
            StatusPatterns.of(RetryOptions.DEFAULT_ON),
            StatusPatterns.of(RetryOptions.DEFAULT_NOT_ON),
            capture),
        cutter);
  }

  static Verdict attempt(int port) {
    return verdict(attempter.attempt(request(port, new Cutter(), Capture.DEFAULT)));
  }

  static Verdict verdict(Mono<Verdict> attempt) {
    Verdict[] verdict = new Verdict[1];
    StepVerifier.create(attempt)
        .consumeNextWith(v -> verdict[0] = v)
        .expectComplete()
        .verify(PATIENCE);
    return verdict[0];
  }

  static Verdict reply(String reply) throws IOException {
    try (RawServer server =
        RawServer.start(
            (in, out, socket) -> {
              while (readRequest(in) != null) {
                write(out, reply);
              }
            })) {
      return attempt(server.port());
    }
  }
}
