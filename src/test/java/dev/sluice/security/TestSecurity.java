package dev.sluice.security;

import dev.sluice.api.Role;
import dev.sluice.model.Sha256;
import dev.sluice.security.SecurityProperties.ApiKey;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.springframework.util.unit.DataSize;

/** Settings of this room for tests. */
final class TestSecurity {

  static final OidcProperties NO_OIDC = new OidcProperties(null, null, null, "tenant", "roles");

  static final QuotaProperties QUOTA = new QuotaProperties(0, 0, DataSize.ofBytes(0), 0);
  static final Duration YEAR = Duration.ofDays(365);

  private TestSecurity() {}

  static SecurityProperties open(boolean insecure) {
    return new SecurityProperties(
        insecure, List.of(), List.of(), NO_OIDC, 10, QUOTA, Map.of(), 0, YEAR);
  }

  static SecurityProperties hosts(String... hosts) {
    return new SecurityProperties(
        false, List.of(hosts), List.of(), NO_OIDC, 10, QUOTA, Map.of(), 0, YEAR);
  }

  static SecurityProperties keys(ApiKey... keys) {
    return new SecurityProperties(
        false, List.of(), List.of(keys), NO_OIDC, 10, QUOTA, Map.of(), 0, YEAR);
  }

  static SecurityProperties insecureBeside(ApiKey key) {
    return new SecurityProperties(
        true, List.of(), List.of(key), NO_OIDC, 10, QUOTA, Map.of(), 0, YEAR);
  }

  /** Gives a key of the client {@code ops} whose secret is {@code token}. */
  static ApiKey key(String id, String token) {
    return new ApiKey(
        id, "ops", "acme", Set.of(Role.READ), HexFormat.of().formatHex(Sha256.of(token)), null);
  }
}
