package dev.sluice.security;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Whose JSON Web Tokens are let in. Only signed ones (RS256, ES256, EdDSA) that name issuer,
 * audience and an end.
 *
 * @param issuer the {@code iss} that a token must carry, letter by letter; none lets no token in
 * @param audience what {@code aud} must contain; required with an issuer
 * @param jwkSetUri where the issuer's public keys are; found through the issuer's {@code
 *     /.well-known/openid-configuration} when absent
 * @param tenantClaim claim with the tenant; a token without it is refused
 * @param rolesClaim claim with the roles: a list, or words with spaces between; others than {@code
 *     submit}, {@code read}, {@code control} and {@code admin} count for nothing
 */
record OidcProperties(
    @Nullable String issuer,
    @Nullable String audience,
    @Nullable URI jwkSetUri,
    @DefaultValue("tenant") String tenantClaim,
    @DefaultValue("roles") String rolesClaim) {

  OidcProperties {
    if (issuer != null && (audience == null || audience.isBlank())) {
      throw new IllegalArgumentException(
          "sluice.security.oidc.audience must be set with sluice.security.oidc.issuer: tokens for"
              + " others would be let in");
    }
    if (issuer == null && (audience != null || jwkSetUri != null)) {
      throw new IllegalArgumentException(
          "sluice.security.oidc.issuer must be set with the other keys of sluice.security.oidc");
    }
  }
}
