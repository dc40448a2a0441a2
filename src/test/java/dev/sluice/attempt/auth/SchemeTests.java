package dev.sluice.attempt.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import dev.sluice.model.OutboundRequest;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What each type of credential adds, and what of it stays unseen. */
class SchemeTests {

  private static final List<String> HOSTS = List.of("api.example.com");

  private final AtomicLong now = new AtomicLong();

  static AuthProperties.Credential credential(AuthProperties.Type type, String secret) {
    return new AuthProperties.Credential(
        type,
        HOSTS,
        false,
        secret,
        null,
        "user",
        "X-Key",
        URI.create("https://token.example/"),
        "id",
        null);
  }

  private Secret secret(String value) {
    return new Secret(credential(AuthProperties.Type.BEARER, value), now::get);
  }

  private static OutboundRequest request(String body, Header... headers) {
    return new OutboundRequest(
        "POST", "/", List.of(headers), BodyKind.TEXT, body.getBytes(StandardCharsets.UTF_8));
  }

  private static Proof proof(Scheme scheme, OutboundRequest request, String key) {
    return scheme.prove(request, key).block();
  }

  @Test
  void secretsThatAreShownAsTheyAre() {
    OutboundRequest any = request("x");
    assertThat(proof(StaticSchemes.bearer(secret("t0k")), any, "k").headers())
        .containsExactly(new Header("Authorization", "Bearer t0k"));
    assertThat(proof(StaticSchemes.header("X-Key", secret("k3y")), any, "k").headers())
        .containsExactly(new Header("X-Key", "k3y"));
    // RFC 7617 §2.
    Proof basic = proof(StaticSchemes.basic("Aladdin", secret("open sesame")), any, "k");
    assertThat(basic.headers())
        .containsExactly(new Header("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    assertThat(basic.secrets()).contains("open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  }

  @Test
  void signsTheBodyAsGitHubsExampleDoes() {
    Proof proof =
        proof(
            Signatures.hmac("X-Hub-Signature-256", secret("It's a Secret to Everybody")),
            request("Hello, World!"),
            "k");
    assertThat(proof.headers())
        .containsExactly(
            new Header(
                "X-Hub-Signature-256",
                "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"));
  }

  @Test
  void signsAsTheExampleOfStandardWebhooks() {
    Proof proof =
        proof(
            Signatures.standardWebhooks(
                secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                InstantSource.fixed(Instant.ofEpochSecond(1614265330))),
            request("{\"test\": 2432232314}"),
            "msg_p5jXN8AQM9LWM0D4loKWxJek");
    assertThat(proof.headers())
        .contains(
            new Header("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            new Header("webhook-timestamp", "1614265330"),
            new Header("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
  }

  @Test
  void theCredentialWinsOverTheItemsOwnHeader() {
    Proof proof = proof(StaticSchemes.bearer(secret("t0k")), request("x"), "k");
    OutboundRequest sent =
        proof.in(request("x", new Header("AUTHORIZATION", "Bearer mine"), new Header("X-A", "1")));
    assertThat(sent.headers())
        .containsExactly(new Header("X-A", "1"), new Header("Authorization", "Bearer t0k"));
  }

  @Test
  void aMountedSecretIsReadAgain(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("token"), "first\n");
    Secret secret =
        new Secret(
            new AuthProperties.Credential(
                AuthProperties.Type.BEARER, HOSTS, false, null, file, null, null, null, null, null),
            now::get);
    assertThat(secret.value()).isEqualTo("first");
    Files.writeString(file, "second\n");
    secret.lookAgain();
    assertThat(secret.value()).isEqualTo("second");
    Files.delete(file);
    secret.lookAgain();
    assertThat(secret.value()).as("what was read last").isEqualTo("second");
  }

  @Test
  void whatIsIncompleteStopsTheStartAndSaysNoSecret() {
    assertThatThrownBy(() -> bound(List.of("*"), "s3cret", null))
        .hasMessageContaining("who submits")
        .hasMessageNotContaining("s3cret");
    assertThatThrownBy(() -> bound(List.of(), "s3cret", null)).hasMessageContaining("hosts");
    assertThatThrownBy(() -> bound(HOSTS, null, null)).hasMessageContaining("secret-file");
    assertThatThrownBy(() -> bound(HOSTS, "s3cret", Path.of("x")))
        .hasMessageContaining("either")
        .hasMessageNotContaining("s3cret");
    assertThatThrownBy(
            () ->
                new AuthProperties.Credential(
                    AuthProperties.Type.HEADER,
                    HOSTS,
                    false,
                    "s3cret",
                    null,
                    null,
                    "Host",
                    null,
                    null,
                    null))
        .hasMessageContaining("Host")
        .hasMessageNotContaining("s3cret");
    assertThatThrownBy(() -> Signatures.standardWebhooks(secret("s3cret!"), InstantSource.system()))
        .hasMessageNotContaining("s3cret");
    AuthProperties properties =
        new AuthProperties(Map.of("a", credential(AuthProperties.Type.BEARER, "s3cret")));
    assertThat(properties.toString()).doesNotContain("s3cret");
  }

  private static AuthProperties.Credential bound(
      List<String> hosts, @Nullable String secret, @Nullable Path file) {
    return new AuthProperties.Credential(
        AuthProperties.Type.BEARER, hosts, false, secret, file, null, null, null, null, null);
  }
}
