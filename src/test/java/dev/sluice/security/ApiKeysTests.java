package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.api.Caller;
import dev.sluice.api.Role;
import dev.sluice.model.Sha256;
import dev.sluice.security.SecurityProperties.ApiKey;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiKeysTests {

  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final NewKey made = NewKey.make("billing", "acme", RANDOM);
  private final String id = made.token().split("_", 3)[1];

  private ApiKey key(Instant expires) {
    return new ApiKey(
        id,
        "billing",
        "acme",
        Set.of(Role.SUBMIT, Role.READ),
        HexFormat.of().formatHex(Sha256.of(made.token())),
        expires);
  }

  @Test
  void aKeyStandsForItsClientItsTenantAndItsRoles() {
    assertThat(new ApiKeys(List.of(key(null))).caller(made.token(), NOW))
        .contains(new Caller("billing", "acme", Set.of(Role.SUBMIT, Role.READ)));
  }

  @Test
  void anyOtherTokenStandsForNobody() {
    ApiKeys keys = new ApiKeys(List.of(key(null)));
    String token = made.token();
    String other = NewKey.make("billing", "acme", RANDOM).token();
    for (String wrong :
        List.of(
            "slk_",
            "slk__",
            "slk_" + id,
            "slk_" + id + "_",
            token + "x",
            token.substring(0, token.length() - 1),
            token.toUpperCase(java.util.Locale.ROOT),
            other,
            "slk_" + id + "_" + other.split("_", 3)[2],
            "slk_nobody_" + token.split("_", 3)[2])) {
      assertThat(keys.caller(wrong, NOW)).as(wrong).isEmpty();
    }
  }

  @Test
  void aKeyEndsWhenItExpires() {
    ApiKeys keys = new ApiKeys(List.of(key(NOW)));
    assertThat(keys.caller(made.token(), NOW.minusMillis(1))).isPresent();
    assertThat(keys.caller(made.token(), NOW)).isEmpty();
  }

  @Test
  void newKeysAreLongAndNeverTheSame() {
    Set<String> tokens = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      String token = NewKey.make("c", "t", RANDOM).token();
      assertThat(token).matches("slk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}");
      tokens.add(token);
    }
    assertThat(tokens).hasSize(1000);
  }

  @Test
  void whatIsPrintedOfANewKeyLetsItIn() {
    assertThat(made.configuration())
        .contains("id: \"" + id, "client: \"billing\"", "tenant: \"acme\"")
        .contains(HexFormat.of().formatHex(Sha256.of(made.token())))
        .doesNotContain(made.token().split("_", 3)[2]);
    assertThat(made.toString()).doesNotContain(made.token());
    assertThat(NewKey.run(List.of())).isEqualTo(64);
    assertThat(NewKey.run(List.of("a b"))).isEqualTo(64);
  }

  @Test
  void aClientHasAtMostTwoKeys() {
    ApiKey one = TestSecurity.key("one", "1");
    ApiKey two = TestSecurity.key("two", "2");
    assertThat(TestSecurity.keys(one, two).asks()).isTrue();
    assertThatThrownBy(() -> TestSecurity.keys(one, two, TestSecurity.key("three", "3")))
        .hasMessageContaining("more than two keys of the client ops");
    assertThatThrownBy(() -> TestSecurity.keys(one, one)).hasMessageContaining("the id one");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ABCDEF", "slk_x", "zz"})
  void takesNothingButAHash(String hash) {
    assertThatThrownBy(() -> new ApiKey("a", "b", "c", Set.of(Role.READ), hash, null))
        .hasMessageContaining("sha256");
  }

  @Test
  void aTokenOfAnotherAudienceIsNeverEnough() {
    assertThatThrownBy(() -> new OidcProperties("https://i.example", null, null, "t", "r"))
        .hasMessageContaining("audience");
    assertThatThrownBy(() -> new OidcProperties(null, "sluice", null, "t", "r"))
        .hasMessageContaining("issuer");
  }
}
