package dev.sluice.attempt;

import static dev.sluice.fixture.RawServer.readRequest;
import static dev.sluice.fixture.RawServer.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.attempt.auth.AuthProperties;
import dev.sluice.attempt.auth.Credentials;
import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.attempt.egress.Policies;
import dev.sluice.fixture.RawServer;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Delivery;
import dev.sluice.model.Destination;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.RetryOptions;
import dev.sluice.model.Verdict;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;

/** Credentials on the wire: who sees them, when they are renewed, and who never sees them. */
class AuthorizedAttempterTests extends AttempterTestBase {

  private static final String SECRET = "s3cr3t-of-the-partner";

  private final Queue<String> seen = new ConcurrentLinkedQueue<>();
  private final AtomicInteger tokens = new AtomicInteger();

  private RawServer destination(Function<String, String> reply) throws IOException {
    return RawServer.start(
        (in, out, _) -> {
          for (String request = readRequest(in); request != null; request = readRequest(in)) {
            seen.add(request);
            write(out, reply.apply(request));
          }
        });
  }

  /** Gives {@code token-1}, {@code token-2}, … */
  private RawServer tokenServer() throws IOException {
    return RawServer.start(
        (in, out, _) -> {
          for (String request = readRequest(in); request != null; request = readRequest(in)) {
            String body =
                "{\"access_token\":\"token-"
                    + tokens.incrementAndGet()
                    + "\",\"token_type\":\"Bearer\",\"expires_in\":3600}";
            write(
                out,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                    + body.length()
                    + "\r\n\r\n"
                    + body);
          }
        });
  }

  private static String status(int status) {
    return "HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n";
  }

  private static AuthProperties.Credential credential(
      AuthProperties.Type type, String host, boolean allowHttp, @Nullable URI tokenUrl) {
    return new AuthProperties.Credential(
        type, List.of(host), allowHttp, SECRET, null, "user", "X-Key", tokenUrl, "client", "read");
  }

  private static Attempter with(AuthProperties.Credential credential, EgressPolicy forTokens) {
    WebClient client = WebClient.builder().exchangeFunction(exchange).build();
    return new AuthorizedAttempter(
        attempter,
        new Credentials(
            new AuthProperties(Map.of("partner", credential)),
            client,
            forTokens,
            ProcessClock.system()));
  }

  private static Attempter with(AuthProperties.Credential credential) {
    return with(credential, Policies.ofThisMachine());
  }

  private static Attempter oauth(RawServer tokenServer) {
    return with(
        credential(
            AuthProperties.Type.OAUTH2,
            "127.0.0.1",
            true,
            URI.create("http://127.0.0.1:" + tokenServer.port() + "/token")));
  }

  private static AttemptRequest toPartner(RawServer server, Delivery delivery, String name) {
    BatchOptions options =
        BatchOptions.DEFAULT
            .change()
            .credential(name)
            .delivery(delivery)
            .retry(RetryOptions.defaultFor(delivery))
            .build();
    return new AttemptRequest(
        new Destination("http", "127.0.0.1", server.port()),
        new OutboundRequest(
            "POST", "/", List.of(), BodyKind.TEXT, "x".getBytes(StandardCharsets.UTF_8)),
        1,
        "k",
        AttemptTerms.of(options),
        new Cutter());
  }

  private static AttemptRequest toPartner(RawServer server) {
    return toPartner(server, Delivery.AT_LEAST_ONCE, "partner");
  }

  private static String authorization(String request) {
    return request
        .lines()
        .filter(line -> line.startsWith("Authorization: "))
        .findFirst()
        .orElse("");
  }

  @Test
  void itsHostSeesTheCredential() throws Exception {
    try (RawServer server = destination(_ -> status(204))) {
      Attempter bearer = with(credential(AuthProperties.Type.BEARER, "127.0.0.1", true, null));
      assertThat(verdict(bearer.attempt(toPartner(server)))).isInstanceOf(Verdict.Succeeded.class);
      assertThat(authorization(seen.remove())).isEqualTo("Authorization: Bearer " + SECRET);
    }
  }

  @Test
  void nobodyElseDoesAndNothingIsSent() throws Exception {
    try (RawServer server = destination(_ -> status(204))) {
      for (AuthProperties.Credential notFor :
          List.of(
              credential(AuthProperties.Type.BEARER, "api.example.com", true, null),
              credential(AuthProperties.Type.BEARER, "127.0.0.1:1", true, null),
              credential(AuthProperties.Type.BEARER, "127.0.0.1", false, null))) {
        assertThat(verdict(with(notFor).attempt(toPartner(server))))
            .isInstanceOf(Verdict.Denied.class);
      }
      AttemptRequest unknown = toPartner(server, Delivery.AT_LEAST_ONCE, "nobody");
      assertThat(
              verdict(
                  with(credential(AuthProperties.Type.BEARER, "127.0.0.1", true, null))
                      .attempt(unknown)))
          .isInstanceOfSatisfying(
              Verdict.NotSent.class, n -> assertThat(n.failure().code()).isEqualTo("credential"));
      assertThat(server.connectionCount()).isZero();
    }
  }

  @Test
  void manyAttemptsShareOneToken() throws Exception {
    try (RawServer tokenServer = tokenServer();
        RawServer server = destination(_ -> status(204))) {
      Attempter oauth = oauth(tokenServer);
      List<Verdict> verdicts =
          Flux.range(0, 50)
              .flatMap(_ -> oauth.attempt(toPartner(server)), 50)
              .collectList()
              .block(PATIENCE);
      assertThat(verdicts).hasSize(50).allMatch(Verdict.Succeeded.class::isInstance);
      assertThat(tokens).hasValue(1);
      assertThat(seen).allMatch(each -> authorization(each).endsWith(" token-1"));
    }
  }

  @Test
  void aTokenThatIsNotAcceptedIsRenewedAndTheRequestSentOnceMore() throws Exception {
    try (RawServer tokenServer = tokenServer();
        RawServer server =
            destination(
                request -> status(authorization(request).endsWith(" token-1") ? 401 : 204))) {
      assertThat(verdict(oauth(tokenServer).attempt(toPartner(server))))
          .isInstanceOf(Verdict.Succeeded.class);
      assertThat(seen).hasSize(2);
      assertThat(tokens).hasValue(2);
    }
  }

  @Test
  void whoAcceptsNoTokenIsAskedOnceMoreAndTheTokenServerIsLeftAlone() throws Exception {
    try (RawServer tokenServer = tokenServer();
        RawServer server = destination(_ -> status(401))) {
      Attempter oauth = oauth(tokenServer);
      for (int i = 0; i < 20; i++) {
        assertThat(verdict(oauth.attempt(toPartner(server))))
            .isInstanceOfSatisfying(
                Verdict.Refused.class, r -> assertThat(r.statusCode()).isEqualTo(401));
      }
      assertThat(seen).hasSize(21);
      assertThat(tokens).hasValue(2);
    }
  }

  @Test
  void whatMayNotGoTwiceIsNotSentAgain() throws Exception {
    try (RawServer tokenServer = tokenServer();
        RawServer server = destination(_ -> status(401))) {
      AttemptRequest once = toPartner(server, Delivery.AT_MOST_ONCE, "partner");
      assertThat(verdict(oauth(tokenServer).attempt(once))).isInstanceOf(Verdict.Refused.class);
      assertThat(seen).hasSize(1);
    }
  }

  @Test
  void aTokenServerThatFailsOrIsDeniedMeansNotSent() throws Exception {
    try (RawServer broken = destination(_ -> status(500));
        RawServer server = destination(_ -> status(204))) {
      assertNoCredential(oauth(broken), server, "500");
      seen.clear();
      AuthProperties.Credential properties =
          credential(
              AuthProperties.Type.OAUTH2,
              "127.0.0.1",
              true,
              URI.create("http://127.0.0.1:" + broken.port() + "/"));
      assertNoCredential(with(properties, Policies.ofPublicNetworks()), server, "places");
      assertThat(seen).isEmpty();
      assertThat(server.connectionCount()).isZero();
    }
  }

  private static void assertNoCredential(Attempter attempter, RawServer server, String why) {
    assertThat(verdict(attempter.attempt(toPartner(server))))
        .isInstanceOfSatisfying(
            Verdict.NotSent.class,
            n -> {
              assertThat(n.failure().code()).isEqualTo("credential");
              assertThat(n.failure().message()).contains(why).doesNotContain(SECRET);
            });
  }

  @Test
  void aWaitForATokenEndsWithTheAttempt() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (RawServer silent =
            RawServer.start(
                (in, _, _) -> {
                  readRequest(in);
                  asked.countDown();
                  in.read();
                });
        RawServer server = destination(_ -> status(204))) {
      AttemptRequest request = toPartner(server);
      var attempt = oauth(silent).attempt(request).cache();
      attempt.subscribe();
      assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
      request.cutter().cut();
      assertThat(verdict(attempt))
          .isInstanceOfSatisfying(
              Verdict.NotSent.class, n -> assertThat(n.failure().code()).isEqualTo("deadline"));
      assertThat(server.connectionCount()).isZero();
    }
  }

  @Test
  void aDestinationThatEchoesShowsNobodyTheSecret() throws Exception {
    try (RawServer server =
        destination(
            request -> {
              String body = "you sent " + request;
              return "HTTP/1.1 400 X\r\nX-Echo: "
                  + authorization(request)
                  + "\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body;
            })) {
      Verdict verdict =
          verdict(
              with(credential(AuthProperties.Type.BASIC, "127.0.0.1", true, null))
                  .attempt(toPartner(server)));
      String kept =
          new String(verdict.reply().response().body(), StandardCharsets.UTF_8)
              + verdict.reply().response().headers();
      assertThat(kept)
          .contains("you sent", "Authorization: Basic ****")
          .doesNotContain(SECRET)
          .doesNotContain(
              java.util.Base64.getEncoder()
                  .encodeToString(("user:" + SECRET).getBytes(StandardCharsets.UTF_8)));
    }
  }
}
