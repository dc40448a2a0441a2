package dev.sluice.attempt;

import static dev.sluice.fixture.RawServer.readRequest;
import static dev.sluice.fixture.RawServer.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.attempt.egress.EgressDeniedException;
import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.attempt.egress.EgressProxy;
import dev.sluice.attempt.egress.Policies;
import dev.sluice.fixture.RawServer;
import dev.sluice.model.Capture;
import dev.sluice.model.Destination;
import dev.sluice.model.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.netty.http.client.HttpClient;

/** Sends through a proxy that makes tunnels, over real sockets. */
class EgressProxyTests extends AttempterTestBase {

  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private final Queue<String> received = new ConcurrentLinkedQueue<>();

  /** Makes a tunnel to the destination, whatever name it is asked for. */
  private RawServer proxy(RawServer destination) throws IOException {
    return RawServer.start(
        (in, out, _) -> {
          String request = readRequest(in);
          if (request == null) {
            return;
          }
          asked.add(request);
          try (Socket onward = new Socket(InetAddress.getLoopbackAddress(), destination.port())) {
            write(out, "HTTP/1.1 200 Connection established\r\n\r\n");
            Thread back = Thread.ofVirtual().start(() -> pass(onward, out));
            in.transferTo(onward.getOutputStream());
            onward.shutdownOutput();
            back.join();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        });
  }

  private static void pass(Socket from, OutputStream to) {
    try (InputStream in = from.getInputStream()) {
      in.transferTo(to);
    } catch (IOException _) {
      // The tunnel is over.
    }
  }

  private RawServer destination() throws IOException {
    return RawServer.start(
        (in, out, _) -> {
          for (String got = readRequest(in); got != null; got = readRequest(in)) {
            received.add(got);
            write(out, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
          }
        });
  }

  private static Attempter through(EgressPolicy policy) {
    AttemptConfiguration configuration = new AttemptConfiguration();
    HttpClient client =
        configuration.outboundHttp(
            PROPERTIES, connections, loops, configuration.outboundNames(loops, policy), policy);
    return plain(OutboundRoutes.only(configuration.outboundExchange(client)), policy);
  }

  private static URI at(RawServer proxy, String login) {
    return URI.create("http://" + login + "127.0.0.1:" + proxy.port());
  }

  private static Verdict send(Attempter attempter, String host, int port) {
    AttemptRequest request = request(port, new Cutter(), Capture.DEFAULT);
    return verdict(
        attempter.attempt(
            new AttemptRequest(
                new Destination("http", host, port),
                request.request(),
                request.attemptNumber(),
                request.idempotencyKey(),
                request.terms(),
                request.cutter())));
  }

  @Test
  void asksTheProxyForATunnelByName() throws IOException {
    try (RawServer destination = destination();
        RawServer proxy = proxy(destination)) {
      Attempter attempter = through(Policies.through(at(proxy, "me:p%40ss@"), "*.nowhere.example"));

      // A name that only the proxy could know.
      assertThat(send(attempter, "api.nowhere.example", 8080))
          .isInstanceOf(Verdict.Succeeded.class);

      assertThat(asked).hasSize(1);
      assertThat(asked.peek())
          .startsWith("CONNECT api.nowhere.example:8080 HTTP/1.1")
          .containsIgnoringCase("proxy-authorization: Basic bWU6cEBzcw==");
      assertThat(received.peek())
          .startsWith("POST /orders?x=1 HTTP/1.1")
          .doesNotContainIgnoringCase("proxy-");
      assertThat(send(attempter, "api.nowhere.example", 8080))
          .isInstanceOf(Verdict.Succeeded.class);
      assertThat(asked).as("the tunnel is used again").hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "metadata.google.internal",
        "db.cluster.local"
      })
  void asksTheProxyForNothingThatPolicyDenies(String host) throws IOException {
    try (RawServer destination = destination();
        RawServer proxy = proxy(destination)) {
      Attempter any = through(Policies.through(at(proxy, ""), "*"));

      assertThat(send(any, host, destination.port())).isInstanceOf(Verdict.Denied.class);
      assertThat(asked).isEmpty();
    }
  }

  @Test
  void asksTheProxyForListedHostsAlone() throws IOException {
    try (RawServer destination = destination();
        RawServer proxy = proxy(destination)) {
      Attempter listed = through(Policies.through(at(proxy, ""), "api.partner.example"));

      assertThat(send(listed, "evil.example", 443)).isInstanceOf(Verdict.Denied.class);
      assertThat(asked).isEmpty();
      assertThat(send(listed, "api.partner.example", 443)).isInstanceOf(Verdict.Succeeded.class);
    }
  }

  @Test
  void addressesPastTheFirstLookAreRefusedByTheClientItself() throws IOException {
    try (RawServer destination = destination();
        RawServer proxy = proxy(destination)) {
      EgressPolicy policy = Policies.through(at(proxy, ""), "*");
      AttemptConfiguration configuration = new AttemptConfiguration();
      HttpClient client =
          configuration.outboundHttp(
              PROPERTIES, connections, loops, configuration.outboundNames(loops, policy), policy);

      assertThatThrownBy(
              () ->
                  client
                      .get()
                      .uri("http://127.0.0.1:" + destination.port() + "/")
                      .response()
                      .block(PATIENCE))
          .isInstanceOf(EgressDeniedException.class);
      assertThat(asked).isEmpty();
    }
  }

  @Test
  void dialsNothingButTheProxy() throws IOException {
    try (RawServer destination = destination();
        RawServer proxy = proxy(destination);
        RawServer other = proxy(destination)) {
      EgressPolicy policy = Policies.through(at(proxy, ""), "*");
      AttemptConfiguration configuration = new AttemptConfiguration();
      HttpClient client =
          configuration.outboundHttp(
              PROPERTIES, connections, loops, configuration.outboundNames(loops, policy), policy);
      HttpClient astray = new EgressProxy(at(other, "")).before(client, policy);

      assertThatThrownBy(
              () -> astray.get().uri("http://api.nowhere.example/").response().block(PATIENCE))
          .isInstanceOf(EgressDeniedException.class);
      assertThat(other.connectionCount()).isZero();
    }
  }

  @Test
  void aTunnelThatIsRefusedIsNotSent() throws IOException {
    try (RawServer proxy =
        RawServer.start(
            (in, out, _) -> {
              asked.add(readRequest(in));
              write(out, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
            })) {
      Verdict verdict = send(through(Policies.through(at(proxy, ""), "*")), "a.example", 80);

      assertThat(verdict)
          .isInstanceOfSatisfying(
              Verdict.NotSent.class,
              notSent -> {
                assertThat(notSent.failure().code()).isEqualTo("connect");
                assertThat(notSent.failure().message()).isEqualTo("The proxy made no tunnel");
              });
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://proxy.example:3128",
        "http://proxy.example",
        "proxy.example:3128",
        "http://proxy.example:3128/path",
        "socks5://proxy.example:1080"
      })
  void refusesWhatIsNoProxy(String address) {
    assertThatThrownBy(() -> new EgressProxy(URI.create(address)))
        .hasMessageStartingWith("sluice.attempt.egress.proxy");
  }

  @Test
  void showsNoLogin() {
    assertThat(List.of(new EgressProxy(URI.create("http://me:secret@proxy.example:3128"))))
        .hasToString("[proxy.example:3128]");
  }
}
