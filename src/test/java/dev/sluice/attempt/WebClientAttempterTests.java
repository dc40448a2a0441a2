package dev.sluice.attempt;

import static dev.sluice.fixture.RawServer.readRequest;
import static dev.sluice.fixture.RawServer.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.RawServer;
import dev.sluice.fixture.TargetServer;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Capture;
import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.StatusPatterns;
import dev.sluice.model.Verdict;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** One exchange against real sockets: what was said on the wire, and what Sluice makes of it. */
class WebClientAttempterTests extends AttempterTestBase {

  @Test
  void sendsExactlyTheRequestWithKeyAndAttemptNumber() throws Exception {
    Queue<String> seen = new ConcurrentLinkedQueue<>();
    try (RawServer server =
        RawServer.start(
            (in, out, socket) -> {
              seen.add(readRequest(in));
              write(out, "HTTP/1.1 204 No Content\r\n\r\n");
            })) {
      assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
      String wire = seen.remove();
      assertThat(wire).startsWith("POST /orders?x=1 HTTP/1.1\r\n").endsWith("\r\n\r\n{\"a\":1}");
      assertThat(wire.lines())
          .contains(
              "X-Trace: abc",
              "Content-Type: application/json",
              "Idempotency-Key: bat_1-7",
              "Sluice-Attempt: 3")
          .anyMatch(line -> line.equalsIgnoreCase("content-length: 7"))
          .anyMatch(line -> line.equalsIgnoreCase("host: 127.0.0.1:" + server.port()))
          .noneMatch(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("accept-encoding"));
    }
  }

  @Test
  void keepsTheConnectionForTheNextExchange() throws Exception {
    try (RawServer server =
        RawServer.start(
            (in, out, socket) -> {
              while (readRequest(in) != null) {
                write(out, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
              }
            })) {
      for (int i = 0; i < 20; i++) {
        assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
      }
      assertThat(server.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void forgetsADestinationWithItsConnectionsAndTakesItBack() throws Exception {
    try (RawServer server =
        RawServer.start(
            (in, out, socket) -> {
              while (readRequest(in) != null) {
                write(out, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
              }
            })) {
      int pools = pool.counts().poolCount();
      assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
      assertThat(pool.counts().poolCount()).isEqualTo(pools + 1);

      attempter.forget(new Destination("http", "127.0.0.1", server.port()));

      await().untilAsserted(() -> assertThat(pool.counts().poolCount()).isEqualTo(pools));
      assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
      assertThat(server.connectionCount()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"[::1]", "127.0.0.9", "localhost"})
  void forgetsADestinationHoweverItIsWritten(String host) {
    Destination destination = new Destination("http", host, TargetServer.deadPort());
    AttemptRequest request = request(destination.port(), new Cutter(), Capture.DEFAULT);
    int pools = pool.counts().poolCount();
    verdict(
        attempter.attempt(
            new AttemptRequest(
                destination,
                request.request(),
                request.attemptNumber(),
                request.idempotencyKey(),
                request.terms(),
                request.cutter())));
    assertThat(pool.counts().poolCount()).isEqualTo(pools + 1);

    attempter.forget(destination);

    await().untilAsserted(() -> assertThat(pool.counts().poolCount()).isEqualTo(pools));
  }

  @Test
  void aClientErrorIsRefusedAndItsBodyKept() throws Exception {
    Verdict verdict =
        reply("HTTP/1.1 422 Unprocessable\r\nX-Why: no\r\nContent-Length: 3\r\n\r\nbad");
    assertThat(verdict).isInstanceOf(Verdict.Refused.class);
    assertThat(verdict.statusCode()).isEqualTo(422);
    assertThat(verdict.reply().response().body()).asString().isEqualTo("bad");
    assertThat(verdict.reply().response().truncated()).isFalse();
    assertThat(verdict.reply().response().headers()).contains(new Header("X-Why", "no"));
  }

  @Test
  void nothingIsKeptOfASuccess() throws Exception {
    Verdict verdict = reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nfin");
    assertThat(verdict.reply().response()).isNull();
  }

  @Test
  void retryAfterIsReadOn503And429Only() throws Exception {
    assertThat(reply("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"))
        .isInstanceOfSatisfying(
            Verdict.Retryable.class,
            r -> assertThat(r.retryAfter()).isEqualTo(Duration.ofSeconds(7)));
    assertThat(reply("HTTP/1.1 500 Oops\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"))
        .isInstanceOfSatisfying(Verdict.Retryable.class, r -> assertThat(r.retryAfter()).isNull());
    assertThat(reply("HTTP/1.1 501 Never\r\nContent-Length: 0\r\n\r\n"))
        .isInstanceOf(Verdict.Refused.class);
  }

  @Test
  void retryAfterIsReadWhereTheStatusIsFinalToo() throws Exception {
    AttemptTerms never =
        new AttemptTerms(
            StatusPatterns.of(List.of("2xx")),
            StatusPatterns.of(List.of()),
            StatusPatterns.of(List.of()),
            Capture.DEFAULT);
    Verdict verdict =
        new VerdictClassifier(ProcessClock.system()).reply(503, _ -> "7", null, never);
    assertThat(verdict).isInstanceOf(Verdict.Refused.class);
    assertThat(verdict.retryAfter()).isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void redirectsAreNotFollowed() throws Exception {
    assertThat(
            reply(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"))
        .isInstanceOf(Verdict.Refused.class);
  }

  @Test
  void aClosedPortIsNotSent() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    assertThat(attempt(port))
        .isInstanceOfSatisfying(
            Verdict.NotSent.class, n -> assertThat(n.failure().code()).isEqualTo("connect"));
  }

  @Test
  void anUnknownHostIsNotSent() {
    AttemptRequest request =
        new AttemptRequest(
            new Destination("http", "no-such-host.invalid", 80),
            new OutboundRequest("GET", "/", List.of(), BodyKind.NONE, new byte[0]),
            1,
            "k",
            AttemptTerms.of(BatchOptions.DEFAULT),
            new Cutter());
    assertThat(verdict(attempter.attempt(request)))
        .isInstanceOfSatisfying(
            Verdict.NotSent.class, n -> assertThat(n.failure().code()).isEqualTo("dns"));
  }

  @Test
  void aConnectionClosedAfterTheRequestMayHaveBeenSent() throws Exception {
    try (RawServer server = RawServer.start((in, out, socket) -> readRequest(in))) {
      assertThat(attempt(server.port())).isInstanceOf(Verdict.MaybeSent.class);
    }
  }

  @Test
  void aResetAfterTheRequestMayHaveBeenSent() throws Exception {
    try (RawServer server =
        RawServer.start(
            (in, out, socket) -> {
              readRequest(in);
              socket.setSoLinger(true, 0);
            })) {
      assertThat(attempt(server.port())).isInstanceOf(Verdict.MaybeSent.class);
    }
  }

  @Test
  void garbageInsteadOfAReplyMayHaveBeenSent() throws Exception {
    assertThat(reply("this is not HTTP\r\n\r\n")).isInstanceOf(Verdict.MaybeSent.class);
  }

  @Test
  void aSuccessWhoseBodyBreaksOffIsASuccess() throws Exception {
    try (RawServer server =
        RawServer.start(
            (in, out, socket) -> {
              readRequest(in);
              write(out, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            })) {
      assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
    }
  }

  @Test
  void anEndlessBodyIsCutWhileReading() throws Exception {
    try (RawServer server =
        RawServer.start(
            (in, out, socket) -> {
              readRequest(in);
              write(out, "HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n");
              while (true) {
                write(out, "400\r\n" + "x".repeat(1024) + "\r\n");
              }
            })) {
      Verdict verdict = attempt(server.port());
      assertThat(verdict).isInstanceOf(Verdict.Refused.class);
      assertThat(verdict.reply().response().body()).hasSize(4096);
      assertThat(verdict.reply().response().truncated()).isTrue();
    }
  }

  @Test
  void headersWithoutEndAreAFailure() throws Exception {
    Verdict verdict = reply("HTTP/1.1 200 OK\r\nX: " + "y".repeat(100_000) + "\r\n\r\n");
    assertThat(verdict).isInstanceOf(Verdict.MaybeSent.class);
  }

  @Test
  void aCutAfterTheRequestMayHaveBeenSentAndClosesTheConnection() throws Exception {
    CountDownLatch received = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    try (RawServer server =
        RawServer.start(
            (in, out, socket) -> {
              readRequest(in);
              received.countDown();
              if (in.read() < 0) {
                closed.countDown();
              }
            })) {
      Cutter cutter = new Cutter();
      Mono<Verdict> attempt =
          attempter.attempt(request(server.port(), cutter, Capture.DEFAULT)).cache();
      attempt.subscribe();
      assertThat(received.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(cutter.isWriting()).isTrue();
      cutter.cut();
      assertThat(verdict(attempt))
          .isInstanceOfSatisfying(
              Verdict.MaybeSent.class, m -> assertThat(m.failure().code()).isEqualTo("deadline"));
      assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aCutWhileTheBodyDripsJudgesByTheStatus() throws Exception {
    CountDownLatch dripping = new CountDownLatch(1);
    try (RawServer server =
        RawServer.start(
            (in, out, socket) -> {
              readRequest(in);
              write(out, "HTTP/1.1 400 No\r\nContent-Length: 1000\r\n\r\nfirst");
              dripping.countDown();
              in.read();
            })) {
      Cutter cutter = new Cutter();
      Mono<Verdict> attempt =
          attempter.attempt(request(server.port(), cutter, Capture.DEFAULT)).cache();
      CountDownLatch replied = new CountDownLatch(1);
      attempt.subscribe(v -> replied.countDown());
      assertThat(dripping.await(10, TimeUnit.SECONDS)).isTrue();
      // The status may still be on its way: cutting before it came would be "may have been sent".
      while (pool.counts().acquiredCount() > 0 && replied.getCount() > 0) {
        if (!replied.await(200, TimeUnit.MILLISECONDS)) {
          cutter.cut();
        }
      }
      assertThat(verdict(attempt)).isInstanceOf(Verdict.Refused.class);
    }
  }

  @Test
  void aCutBeforeTheBeginningIsNotSent() throws Exception {
    try (RawServer server = RawServer.start((in, out, socket) -> readRequest(in))) {
      Cutter cutter = new Cutter();
      cutter.cut();
      assertThat(verdict(attempter.attempt(request(server.port(), cutter, Capture.DEFAULT))))
          .isInstanceOf(Verdict.NotSent.class);
      assertThat(cutter.isWriting()).isFalse();
      assertThat(server.connectionCount()).isZero();
    }
  }
}
