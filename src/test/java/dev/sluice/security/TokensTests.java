package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.sluice.api.Caller;
import dev.sluice.api.Role;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tokens against an issuer that publishes its keys over HTTP. */
@NullUnmarked
class TokensTests {

  private static final String ISSUER = "https://login.example.com/realms/a";
  private static final int X509_PREFIX = 12;

  private static RSAKey rsa;
  private static ECKey ec;
  private static KeyPair edwards;
  private static HttpServer issuer;
  private static Tokens tokens;

  @BeforeAll
  static void publishKeys() throws Exception {
    rsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
    ec = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
    edwards = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    byte[] encoded = edwards.getPublic().getEncoded();
    JWK okp =
        new OctetKeyPair.Builder(
                Curve.Ed25519,
                Base64URL.encode(Arrays.copyOfRange(encoded, X509_PREFIX, encoded.length)))
            .keyID("ed")
            .build();
    byte[] set =
        new JWKSet(List.of(rsa.toPublicJWK(), ec.toPublicJWK(), okp))
            .toString()
            .getBytes(StandardCharsets.UTF_8);
    issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer.createContext(
        "/keys",
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, set.length);
          exchange.getResponseBody().write(set);
          exchange.close();
        });
    issuer.start();
    tokens = tokens(URI.create("http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys"));
  }

  @AfterAll
  static void stop() {
    issuer.stop(0);
  }

  private static Tokens tokens(URI keys) {
    OidcProperties oidc = new OidcProperties(ISSUER, "sluice", keys, "tenant", "roles");
    return new Tokens(TokenDecoders.of(oidc), oidc);
  }

  private static JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer(ISSUER)
        .audience(List.of("other", "sluice"))
        .subject("robot")
        .claim("tenant", "acme")
        .claim("roles", List.of("read", "submit", "unheard-of"))
        .expirationTime(Date.from(Instant.now().plusSeconds(300)));
  }

  private static String rs256(JWTClaimsSet claims) throws JOSEException {
    return sign(JWSAlgorithm.RS256, rsa, claims);
  }

  private static String sign(JWSAlgorithm algorithm, RSAKey key, JWTClaimsSet claims)
      throws JOSEException {
    SignedJWT jwt =
        new SignedJWT(new JWSHeader.Builder(algorithm).keyID(key.getKeyID()).build(), claims);
    jwt.sign(new RSASSASigner(key));
    return jwt.serialize();
  }

  private static String es256(JWTClaimsSet claims) throws JOSEException {
    SignedJWT jwt =
        new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("ec").build(), claims);
    jwt.sign(new ECDSASigner(ec));
    return jwt.serialize();
  }

  private static String edDsa(PrivateKey key, JWTClaimsSet claims) throws GeneralSecurityException {
    String input =
        Base64URL.encode("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}")
            + "."
            + Base64URL.encode(claims.toString());
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(key);
    signature.update(input.getBytes(StandardCharsets.US_ASCII));
    return input + "." + Base64URL.encode(signature.sign());
  }

  @Test
  void aSignedTokenStandsForItsSubject() throws Exception {
    Caller robot = new Caller("robot", "acme", Set.of(Role.READ, Role.SUBMIT));
    assertThat(tokens.caller(rs256(claims().build()))).contains(robot);
    assertThat(tokens.caller(es256(claims().build()))).contains(robot);
    assertThat(tokens.caller(edDsa(edwards.getPrivate(), claims().build()))).contains(robot);
    assertThat(tokens.caller(rs256(claims().claim("roles", "submit read").build())))
        .contains(robot);
    assertThat(tokens.caller(rs256(claims().claim("roles", null).build())))
        .contains(new Caller("robot", "acme", Set.of()));
  }

  @Test
  void onlyTheThreeAlgorithmsCount() throws Exception {
    assertNobody(new PlainJWT(claims().build()).serialize());
    assertNobody(sign(JWSAlgorithm.RS384, rsa, claims().build()));
    assertNobody(sign(JWSAlgorithm.RS512, rsa, claims().build()));
    assertNobody(sign(JWSAlgorithm.PS256, rsa, claims().build()));
    // The classic confusion: the public key as the secret of a MAC.
    for (byte[] secret :
        List.of(
            rsa.toRSAPublicKey().getEncoded(),
            rsa.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8))) {
      SignedJWT mac =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("rsa").build(), claims().build());
      mac.sign(new MACSigner(secret));
      assertNobody(mac.serialize());
    }
  }

  @Test
  void onlyTheIssuersKeysCount() throws Exception {
    RSAKey foreign = new RSAKeyGenerator(2048).keyID("rsa").generate();
    assertNobody(sign(JWSAlgorithm.RS256, foreign, claims().build()));
    RSAKey unknown = new RSAKeyGenerator(2048).keyID("nobody").generate();
    assertNobody(sign(JWSAlgorithm.RS256, unknown, claims().build()));
    assertNobody(
        edDsa(
            KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate(),
            claims().build()));
    SignedJWT own =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).jwk(foreign.toPublicJWK()).build(),
            claims().build());
    own.sign(new RSASSASigner(foreign));
    assertNobody(own.serialize());
    String[] parts = rs256(claims().build()).split("\\.", -1);
    String other = rs256(claims().claim("tenant", "globex").build()).split("\\.", -1)[1];
    assertNobody(parts[0] + "." + other + "." + parts[2]);
    assertNobody(parts[0] + "." + parts[1] + ".");
  }

  @Test
  void everyPinnedClaimIsLookedAt() throws Exception {
    Date past = Date.from(Instant.now().minusSeconds(300));
    Date ahead = Date.from(Instant.now().plusSeconds(300));
    for (JWTClaimsSet wrong :
        List.of(
            claims().issuer("https://evil.example").build(),
            claims().issuer(null).build(),
            claims().issuer(ISSUER + "/").build(),
            claims().audience("other").build(),
            claims().audience((String) null).build(),
            claims().expirationTime(past).build(),
            claims().expirationTime(null).build(),
            claims().notBeforeTime(ahead).build(),
            claims().claim("tenant", null).build(),
            claims().claim("tenant", "").build(),
            claims().claim("tenant", "a b").build(),
            claims().claim("tenant", List.of("acme")).build(),
            claims().subject(null).build())) {
      assertNobody(rs256(wrong));
      assertNobody(edDsa(edwards.getPrivate(), wrong));
    }
  }

  @Test
  void nonsenseStandsForNobody() {
    for (String nonsense : List.of("a", "a.b", "a.b.c", "..", "e30.e30.e30", "bdk_x")) {
      assertNobody(nonsense);
    }
  }

  @Test
  void anIssuerThatIsAwayIsNotTheCallersFault() throws Exception {
    HttpServer gone =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    URI keys = URI.create("http://127.0.0.1:" + gone.getAddress().getPort() + "/keys");
    gone.stop(0);
    Tokens away = tokens(keys);
    String token = rs256(claims().build());
    assertThatThrownBy(() -> away.caller(token)).isInstanceOf(Refused.IssuerAway.class);
  }

  private static void assertNobody(String token) {
    assertThat(tokens.caller(token)).as(token).isEmpty();
  }
}
