package dev.sluice.attempt.auth;

import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.model.CredentialNames;
import dev.sluice.model.Destination;
import dev.sluice.model.ProcessClock;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;

/** The credentials of this process, by name. Any thread. */
public final class Credentials implements CredentialNames {

  private final Map<String, Credential> byName = new HashMap<>();

  /**
   * @param client asks token servers, under the same guards as everything that is sent
   * @throws IllegalArgumentException when one cannot be used
   */
  public Credentials(
      AuthProperties properties, WebClient client, EgressPolicy egress, ProcessClock clock) {
    properties
        .credentials()
        .forEach(
            (name, one) -> {
              try {
                byName.put(name, new Credential(one, scheme(one, client, egress, clock)));
              } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                    "sluice.attempt.auth.credentials." + name + ": " + e.getMessage(), e);
              }
            });
  }

  private static Scheme scheme(
      AuthProperties.Credential properties,
      WebClient client,
      EgressPolicy egress,
      ProcessClock clock) {
    Secret secret = new Secret(properties, clock::nanoTime);
    return switch (properties.type()) {
      case BEARER -> StaticSchemes.bearer(secret);
      case BASIC -> StaticSchemes.basic(Objects.requireNonNull(properties.username()), secret);
      case HEADER -> StaticSchemes.header(Objects.requireNonNull(properties.header()), secret);
      case HMAC -> Signatures.hmac(Objects.requireNonNull(properties.header()), secret);
      case STANDARD_WEBHOOKS -> Signatures.standardWebhooks(secret, clock);
      case OAUTH2 -> {
        URI url = Objects.requireNonNull(properties.tokenUrl());
        TokenServer server =
            new TokenServer(
                client,
                url,
                Objects.requireNonNull(properties.clientId()),
                secret,
                properties.scope());
        Mono<ClientCredentials.Grant> guarded =
            Mono.defer(
                () -> {
                  egress.check(Destination.of(url));
                  return server.token();
                });
        yield new ClientCredentials(guarded, clock::nanoTime);
      }
    };
  }

  /** Gives a credential; null when there is none of the name. */
  public @Nullable Credential find(String name) {
    return byName.get(name);
  }

  @Override
  public boolean knows(String name) {
    return byName.containsKey(name);
  }
}
