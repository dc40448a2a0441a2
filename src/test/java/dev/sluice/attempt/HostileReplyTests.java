package dev.sluice.attempt;

import static dev.sluice.fixture.RawServer.readRequest;
import static dev.sluice.fixture.RawServer.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.attempt.egress.Policies;
import dev.sluice.fixture.RawServer;
import dev.sluice.model.Capture;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No request gets the reply to another one, and no reply keeps an exchange from ending. */
class HostileReplyTests extends AttempterTestBase {

  private static final String WELL = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  private static final String STALE = "HTTP/1.1 500 Stale\r\nContent-Length: 0\r\n\r\n";

  /** Answers every request of a connection with the same bytes. */
  private static RawServer answering(String bytes) throws IOException {
    return RawServer.start(
        (in, out, _) -> {
          while (readRequest(in) != null) {
            write(out, bytes);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"100 Continue", "102 Processing", "103 Early Hints"})
  void anInformationalReplyIsNotTheReply(String status) throws Exception {
    try (RawServer server =
        answering(("HTTP/1.1 " + status + "\r\nLink: </x>\r\n\r\n").repeat(3) + WELL)) {
      for (int i = 0; i < 3; i++) {
        assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
      }
      assertThat(server.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void aSecondReplyAnswersNoOtherRequest() throws Exception {
    try (RawServer server = answering(WELL + STALE)) {
      for (int i = 1; i <= 3; i++) {
        assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
        assertThat(server.connectionCount()).isEqualTo(i);
      }
    }
  }

  @Test
  void bytesBeyondTheContentLengthEndTheConnection() throws Exception {
    try (RawServer server =
        answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nmore than two")) {
      for (int i = 1; i <= 3; i++) {
        assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
        assertThat(server.connectionCount()).isEqualTo(i);
      }
    }
  }

  @Test
  void aReplyOnAnIdleConnectionAnswersNoLaterRequest() throws Exception {
    CountDownLatch idle = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    try (RawServer server =
        RawServer.start(
            (in, out, _) -> {
              readRequest(in);
              write(out, WELL);
              awaitQuietly(idle);
              write(out, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
              if (in.read() < 0) {
                closed.countDown();
              }
            })) {
      assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
      idle.countDown();
      assertThat(closed.await(5, TimeUnit.SECONDS)).isTrue();
      assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "99", "1000", "-200"})
  void aStatusThatCannotBeIsNoReply(String status) throws Exception {
    try (RawServer server = answering("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n")) {
      assertThat(attempt(server.port()))
          .isInstanceOfSatisfying(
              Verdict.MaybeSent.class, m -> assertThat(m.failure().code()).isEqualTo("protocol"));
    }
  }

  @Test
  void aCutBetweenHeadAndBodyDoesNotReadAnEndlessBody() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    try (RawServer server = RawServer.start((in, out, _) -> sendForEver(in, out, closed))) {
      Cutter cutter = new Cutter();
      Attempter cutBetween =
          new WebClientAttempter(
              OutboundRoutes.only(
                  request -> exchange.exchange(request).doOnNext(_ -> cutter.cut())),
              connections,
              new VerdictClassifier(ProcessClock.system()),
              PROPERTIES,
              Policies.ofThisMachine());
      assertThat(verdict(cutBetween.attempt(request(server.port(), cutter, Capture.DEFAULT))))
          .isInstanceOf(Verdict.MaybeSent.class);
      assertThat(closed.await(5, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void sendForEver(InputStream in, OutputStream out, CountDownLatch closed)
      throws IOException {
    readRequest(in);
    try {
      write(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (true) {
        write(out, "400\r\n" + "x".repeat(1024) + "\r\n");
      }
    } finally {
      closed.countDown();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
