package dev.sluice.attempt.auth;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;

/** Asks a token server (RFC 6749 §4.4, client authentication by §2.3.1). Any thread. */
final class TokenServer {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long MAX_LIFE_SECONDS = Duration.ofDays(1).toSeconds();
  private static final ParameterizedTypeReference<Map<String, Object>> JSON =
      new ParameterizedTypeReference<>() {};

  private final WebClient client;
  private final URI url;
  private final String clientId;
  private final Secret secret;
  private final @Nullable String scope;

  TokenServer(WebClient client, URI url, String clientId, Secret secret, @Nullable String scope) {
    this.client = client;
    this.url = url;
    this.clientId = clientId;
    this.secret = secret;
    this.scope = scope;
  }

  /** Gives a token; fails with {@link CredentialException}. */
  Mono<ClientCredentials.Grant> token() {
    return Mono.defer(this::ask)
        .timeout(PATIENCE)
        .onErrorMap(
            error ->
                error instanceof CredentialException
                    ? error
                    : new CredentialException("The token server could not be asked"));
  }

  private Mono<ClientCredentials.Grant> ask() {
    BodyInserters.FormInserter<String> form =
        BodyInserters.fromFormData("grant_type", "client_credentials");
    if (scope != null) {
      form = form.with("scope", scope);
    }
    return client
        .post()
        .uri(url)
        .headers(headers -> headers.setBasicAuth(StaticSchemes.base64(pair())))
        .accept(MediaType.APPLICATION_JSON)
        .body(form)
        .exchangeToMono(TokenServer::answer);
  }

  private String pair() {
    return URLEncoder.encode(clientId, StandardCharsets.UTF_8)
        + ':'
        + URLEncoder.encode(secret.value(), StandardCharsets.UTF_8);
  }

  private static Mono<ClientCredentials.Grant> answer(ClientResponse response) {
    int status = response.statusCode().value();
    if (status != 200) {
      return response
          .releaseBody()
          .then(Mono.error(new CredentialException("The token server answered " + status)));
    }
    return response.bodyToMono(JSON).map(TokenServer::grant);
  }

  private static ClientCredentials.Grant grant(Map<String, Object> answer) {
    if (!(answer.get("access_token") instanceof String token) || token.isEmpty()) {
      throw new CredentialException("The token server gave no token");
    }
    Duration life =
        answer.get("expires_in") instanceof Number seconds && seconds.longValue() > 0
            ? Duration.ofSeconds(Math.min(seconds.longValue(), MAX_LIFE_SECONDS))
            : null;
    return new ClientCredentials.Grant(token, life);
  }
}
