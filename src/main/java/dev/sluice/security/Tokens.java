package dev.sluice.security;

import dev.sluice.api.Caller;
import dev.sluice.api.Role;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;

/** Finds out who calls by a JSON Web Token of the trusted issuer. Any thread; may fetch keys. */
final class Tokens {

  private static final Logger log = LoggerFactory.getLogger(Tokens.class);

  private final JwtDecoder decoder;
  private final OidcProperties oidc;

  Tokens(JwtDecoder decoder, OidcProperties oidc) {
    this.decoder = decoder;
    this.oidc = oidc;
  }

  /**
   * Gives who is named by a token; nobody for one that is not valid or names no tenant.
   *
   * @throws Refused.IssuerAway when the issuer's keys cannot be had
   */
  Optional<Caller> caller(String token) {
    Jwt jwt;
    try {
      jwt = decoder.decode(token);
    } catch (BadJwtException e) {
      log.atDebug().setCause(e).log("A token is not valid.");
      return Optional.empty();
    } catch (JwtException e) {
      log.atWarn().addKeyValue("issuer", oidc.issuer()).setCause(e).log("An issuer has no keys.");
      throw new Refused.IssuerAway();
    }
    String name = jwt.getSubject();
    String tenant = text(jwt.getClaims().get(oidc.tenantClaim()));
    return name != null && !name.isBlank() && SecurityProperties.isName(tenant)
        ? Optional.of(new Caller(name, tenant, roles(jwt.getClaims().get(oidc.rolesClaim()))))
        : Optional.empty();
  }

  private static String text(@Nullable Object claim) {
    return claim instanceof String text ? text : "";
  }

  private static Set<Role> roles(@Nullable Object claim) {
    Collection<?> words =
        switch (claim) {
          case String text -> List.of(text.split(" ", -1));
          case Collection<?> list -> list;
          case null, default -> List.of();
        };
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (Role role : Role.values()) {
      if (words.contains(role.toString())) {
        roles.add(role);
      }
    }
    return roles;
  }
}
