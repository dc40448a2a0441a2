package dev.sluice.security;

import dev.sluice.api.Caller;
import dev.sluice.model.ProcessClock;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.security.web.authentication.preauth.PreAuthenticatedAuthenticationToken;

/** Finds out who calls by the bearer token shown: an API key or a JSON Web Token. Any thread. */
final class Callers {

  private final ApiKeys keys;
  private final @Nullable Tokens tokens;
  private final FailureLimit failures;
  private final ProcessClock clock;

  /**
   * @param tokens null when no issuer is trusted
   */
  Callers(ApiKeys keys, @Nullable Tokens tokens, FailureLimit failures, ProcessClock clock) {
    this.keys = keys;
    this.tokens = tokens;
    this.failures = failures;
    this.clock = clock;
  }

  /** Gives what judges the tokens that come from an address. */
  AuthenticationManager from(String address) {
    return shown -> authenticate((BearerTokenAuthenticationToken) shown, address);
  }

  private Authentication authenticate(BearerTokenAuthenticationToken shown, String address) {
    Caller caller =
        caller(shown.getToken(), address)
            .orElseThrow(
                () ->
                    failures.count(address)
                        ? new Refused.UnknownCredential()
                        : new Refused.TooManyFailures());
    return new PreAuthenticatedAuthenticationToken(caller, "", List.of());
  }

  private Optional<Caller> caller(String token, String address) throws AuthenticationException {
    if (ApiKeys.isKey(token)) {
      // A hash costs nothing, so whoever fails beside them never locks out who has a key.
      return keys.caller(token, clock.instant());
    }
    if (tokens == null) {
      return Optional.empty();
    }
    if (failures.isExhausted(address)) {
      throw new Refused.TooManyFailures();
    }
    return tokens.caller(token);
  }
}
