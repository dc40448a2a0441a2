package dev.sluice.attempt;

import static dev.sluice.fixture.RawServer.readRequest;
import static dev.sluice.fixture.RawServer.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.sluice.attempt.egress.ConnectGuard;
import dev.sluice.attempt.egress.EgressDeniedException;
import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.attempt.egress.EgressProperties;
import dev.sluice.attempt.egress.OwnSockets;
import dev.sluice.attempt.egress.Policies;
import dev.sluice.fixture.RawServer;
import dev.sluice.model.Capture;
import dev.sluice.model.Destination;
import dev.sluice.model.Verdict;
import io.netty.resolver.AddressResolverGroup;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import reactor.core.Exceptions;
import reactor.netty.http.client.HttpClient;

/** The guards in the client that Sluice sends with, against a real server on this machine. */
class EgressGuardTests extends AttempterTestBase {

  private static final int TRIES = 300;

  private final EgressPolicy strict = Policies.ofPublicNetworks();

  /** The client alone: nothing looks at the host before it. */
  private HttpClient client() {
    AddressResolverGroup<InetSocketAddress> names =
        new AttemptConfiguration().outboundNames(loops, strict);
    ConnectGuard guard = new ConnectGuard(strict);
    return AttemptConfiguration.client(PROPERTIES, connections, loops, names)
        .doOnChannelInit((_, channel, _) -> guard.install(channel.pipeline()));
  }

  private static Throwable failure(HttpClient client, String uri) {
    return Exceptions.unwrap(
        catchThrowable(() -> client.get().uri(uri).response().block(PATIENCE)));
  }

  @Test
  void noWayToWriteThisMachineGetsThroughAndNoDescriptorStays() throws Exception {
    try (RawServer server = RawServer.start((in, _, _) -> readRequest(in))) {
      List<String> hosts =
          List.of(
              "127.0.0.1",
              "127.8.8.8",
              "0.0.0.0",
              "[::1]",
              "[::]",
              "[::ffff:127.0.0.1]",
              "[::ffff:7f00:1]",
              "[64:ff9b::7f00:1]",
              "[2002:7f00:1::]",
              "localhost");
      HttpClient client = client();
      for (String host : hosts) {
        failure(client, uri(host, server));
      }
      long before = GuardRig.descriptors();
      for (int i = 0; i < TRIES; i++) {
        for (String host : hosts) {
          assertThat(failure(client, uri(host, server)))
              .as(host)
              .isInstanceOf(EgressDeniedException.class);
        }
      }
      await().untilAsserted(() -> assertThat(GuardRig.descriptors()).isLessThanOrEqualTo(before));
      assertThat(server.connectionCount()).isZero();
    }
  }

  private static String uri(String host, RawServer server) {
    return "http://" + host + ":" + server.port() + "/";
  }

  @Test
  void theAddressOfTheApiDecidesWhetherThisMachineMayBeReached() {
    Destination here = new Destination("http", "127.0.0.1", 9000);
    assertThatCode(() -> policy("127.0.0.1").check(here)).doesNotThrowAnyException();
    for (String address : new String[] {"0.0.0.0", "10.0.0.1", "::"}) {
      assertThatThrownBy(() -> policy(address).check(here))
          .as(address)
          .isInstanceOf(EgressDeniedException.class);
    }
  }

  private static EgressPolicy policy(String address) {
    StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .addFirst(new MapPropertySource("test", Map.of("server.address", address)));
    EgressProperties properties =
        Binder.get(environment).bindOrCreate("sluice.attempt.egress", EgressProperties.class);
    return new AttemptConfiguration().egressPolicy(properties, environment, new OwnSockets());
  }

  @Test
  void aDeniedItemGetsAVerdictOfItsOwn() throws Exception {
    try (RawServer server = RawServer.start((in, _, _) -> readRequest(in))) {
      Attempter guarded = plain(OutboundRoutes.only(exchange), strict);
      AttemptRequest request = request(server.port(), new Cutter(), Capture.DEFAULT);
      assertThat(verdict(guarded.attempt(request)))
          .isInstanceOfSatisfying(
              Verdict.Denied.class,
              denied -> {
                assertThat(denied.failure().code()).isEqualTo("guard");
                assertThat(denied.failure().message()).contains("loopback");
              });
      assertThat(server.connectionCount()).isZero();
    }
  }

  @Test
  void aProxyOfTheJvmIsNotAsked() throws Exception {
    try (RawServer proxy = RawServer.start((in, _, _) -> readRequest(in));
        RawServer server =
            RawServer.start(
                (in, out, _) -> {
                  readRequest(in);
                  write(out, "HTTP/1.1 204 No Content\r\n\r\n");
                })) {
      System.setProperty("http.proxyHost", "127.0.0.1");
      System.setProperty("http.proxyPort", Integer.toString(proxy.port()));
      System.setProperty("http.nonProxyHosts", "");
      try {
        assertThat(attempt(server.port())).isInstanceOf(Verdict.Succeeded.class);
      } finally {
        List.of("http.proxyHost", "http.proxyPort", "http.nonProxyHosts")
            .forEach(System::clearProperty);
      }
      assertThat(proxy.connectionCount()).isZero();
    }
  }

  @Test
  void aRedirectToAnotherPlaceIsNotFollowed() throws Exception {
    try (RawServer inside = RawServer.start((in, _, _) -> readRequest(in))) {
      for (int status : new int[] {301, 302, 303, 307, 308}) {
        assertThat(
                reply(
                    "HTTP/1.1 "
                        + status
                        + " Moved\r\nLocation: http://127.0.0.1:"
                        + inside.port()
                        + "/\r\nContent-Length: 0\r\n\r\n"))
            .isInstanceOf(Verdict.Refused.class);
      }
      assertThat(inside.connectionCount()).isZero();
    }
  }
}
