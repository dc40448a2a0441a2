package dev.sluice.attempt;

import static dev.sluice.fixture.RawServer.readRequest;
import static dev.sluice.fixture.RawServer.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.attempt.egress.Policies;
import dev.sluice.fixture.RawServer;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Destination;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.SslStoreBundle;

/** Real handshakes: whom Sluice believes, and what it shows of itself. */
class OutboundTlsTests extends AttempterTestBase {

  /** Record and ServerHello of TLS 1.1. */
  private static final byte[] TLS_1_1 = new byte[5 + 4 + 2 + 32 + 1 + 2 + 1];

  static {
    byte[] head = {0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2};
    System.arraycopy(head, 0, TLS_1_1, 0, head.length);
    TLS_1_1[TLS_1_1.length - 2] = 0x2f;
  }

  @TempDir static Path directory;
  private static TestCertificates certificates;

  @BeforeAll
  static void makeCertificates() throws Exception {
    certificates = TestCertificates.in(directory);
  }

  /** An HTTPS server that counts the requests it could read. */
  private static final class TlsServer implements AutoCloseable {
    private final SSLServerSocket listener;
    private final AtomicInteger requests = new AtomicInteger();
    private final Queue<String> clients = new ConcurrentLinkedQueue<>();

    TlsServer(String alias, boolean asksForClient) throws IOException {
      listener =
          (SSLServerSocket)
              certificates
                  .server(alias)
                  .createSslContext()
                  .getServerSocketFactory()
                  .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
      listener.setNeedClientAuth(asksForClient);
      Thread.ofVirtual().start(this::accept);
    }

    private void accept() {
      while (!listener.isClosed()) {
        try {
          SSLSocket socket = (SSLSocket) listener.accept();
          Thread.ofVirtual().start(() -> serve(socket));
        } catch (IOException e) {
          return;
        }
      }
    }

    private void serve(SSLSocket socket) {
      try (socket) {
        while (readRequest(socket.getInputStream()) != null) {
          requests.incrementAndGet();
          if (listener.getNeedClientAuth()) {
            clients.add(socket.getSession().getPeerPrincipal().getName());
          }
          write(socket.getOutputStream(), "HTTP/1.1 204 No Content\r\n\r\n");
        }
      } catch (IOException e) {
        // The client went away, or would not shake hands.
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }

  private static Attempter with(DefaultSslBundleRegistry bundles) {
    return with(bundles, "localhost", "127.0.0.1");
  }

  private static Attempter with(DefaultSslBundleRegistry bundles, String... hosts) {
    EgressPolicy egress = Policies.ofThisMachine();
    AttemptConfiguration configuration = new AttemptConfiguration();
    TlsProperties tls = new TlsProperties(List.of(new TlsProperties.Route(List.of(hosts), "it")));
    return plain(configuration.outboundRoutes(http, exchange, tls, bundles), egress);
  }

  private static Attempter trusting(String authority, @Nullable String client) {
    return with(new DefaultSslBundleRegistry("it", certificates.bundle(authority, client)));
  }

  private static Verdict send(Attempter attempter, String host, int port) {
    return verdict(
        attempter.attempt(
            new AttemptRequest(
                new Destination("https", host, port),
                new OutboundRequest("GET", "/", List.of(), BodyKind.NONE, new byte[0]),
                1,
                "k",
                AttemptTerms.of(BatchOptions.DEFAULT),
                new Cutter())));
  }

  private static void assertRefused(Verdict verdict) {
    assertThat(verdict)
        .isInstanceOfSatisfying(
            Verdict.NotSent.class, n -> assertThat(n.failure().code()).isEqualTo("tls"));
  }

  @ParameterizedTest
  @CsvSource({"localhost", "127.0.0.1"})
  void anAuthorityOfTheBundleIsBelieved(String host) throws Exception {
    try (TlsServer server = new TlsServer("good", false)) {
      assertThat(send(trusting("root", null), host, server.listener.getLocalPort()))
          .isInstanceOf(Verdict.Succeeded.class);
      assertThat(server.requests).hasValue(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"expired", "elsewhere", "self", "unknown"})
  void aBadCertificateIsRefusedBeforeTheFirstByte(String alias) throws Exception {
    try (TlsServer server = new TlsServer(alias, false)) {
      assertRefused(send(trusting("root", null), "localhost", server.listener.getLocalPort()));
      assertThat(server.requests).hasValue(0);
    }
  }

  @Test
  void withoutABundleTheAuthoritiesOfTheJvmCount() throws Exception {
    try (TlsServer server = new TlsServer("good", false)) {
      assertRefused(send(attempter, "localhost", server.listener.getLocalPort()));
      assertThat(server.requests).hasValue(0);
    }
  }

  @Test
  void aBundleIsForItsHostsOnly() throws Exception {
    try (TlsServer server = new TlsServer("good", false)) {
      Attempter elsewhere =
          with(
              new DefaultSslBundleRegistry("it", certificates.bundle("root", null)),
              "*.localhost",
              "localhost:1");
      assertRefused(send(elsewhere, "localhost", server.listener.getLocalPort()));
      assertThat(server.requests).hasValue(0);
    }
  }

  @Test
  void anAuthorityThatIsTakenBackIsNotBelievedAnyMore() throws Exception {
    DefaultSslBundleRegistry bundles =
        new DefaultSslBundleRegistry("it", certificates.bundle("root", null));
    Attempter attempter = with(bundles);
    try (TlsServer server = new TlsServer("good", false)) {
      int port = server.listener.getLocalPort();
      assertThat(send(attempter, "localhost", port)).isInstanceOf(Verdict.Succeeded.class);
      bundles.updateBundle("it", certificates.bundle("other", null));
      assertRefused(send(attempter, "localhost", port));
      bundles.updateBundle("it", certificates.bundle("root", null));
      assertThat(send(attempter, "localhost", port)).isInstanceOf(Verdict.Succeeded.class);
      assertThat(server.requests).hasValue(2);
    }
  }

  @Test
  void olderThanTls12IsNotSpoken() throws Exception {
    try (RawServer server =
        RawServer.start(
            (in, out, _) -> {
              in.read(new byte[1024]);
              out.write(TLS_1_1);
              out.flush();
              in.read(new byte[1024]);
            })) {
      assertRefused(send(trusting("root", null), "localhost", server.port()));
      assertRefused(send(attempter, "localhost", server.port()));
    }
  }

  @Test
  void showsItsCertificateToWhomItIsFor() throws Exception {
    try (TlsServer server = new TlsServer("good", true)) {
      int port = server.listener.getLocalPort();
      assertThat(send(trusting("root", "client"), "localhost", port))
          .isInstanceOf(Verdict.Succeeded.class);
      assertThat(server.clients).containsExactly("CN=sluice");
      assertThat(send(trusting("root", null), "localhost", port))
          .isNotInstanceOf(Verdict.Succeeded.class);
      assertThat(server.requests).hasValue(1);
    }
  }

  @Test
  void aBundleThatWantsOlderProtocolsStopsTheStart() {
    SslStoreBundle stores = SslStoreBundle.of(null, null, certificates.trust("root"));
    SslBundle old =
        SslBundle.of(
            stores,
            SslBundleKey.NONE,
            SslOptions.of(null, new String[] {"TLSv1.1", "TLSv1.2"}),
            "TLS",
            SslManagerBundle.from(stores, SslBundleKey.NONE));
    assertThatThrownBy(() -> with(new DefaultSslBundleRegistry("it", old)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("TLSv1.1");
    assertThatThrownBy(() -> with(new DefaultSslBundleRegistry()))
        .as("a bundle that is not there")
        .hasMessageContaining("it");
  }
}
