package dev.sluice.attempt.auth;

import dev.sluice.model.Header;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import reactor.core.publisher.Mono;

/** Secrets that are shown as they are. */
final class StaticSchemes {

  private static final String AUTHORIZATION = "Authorization";

  private StaticSchemes() {}

  static Scheme bearer(Secret secret) {
    return (_, _) -> {
      String token = secret.value();
      return proof(AUTHORIZATION, "Bearer " + token, token);
    };
  }

  static Scheme basic(String username, Secret secret) {
    if (username.indexOf(':') >= 0) {
      throw new IllegalArgumentException("A username must not hold a colon (RFC 7617)");
    }
    return (_, _) -> {
      String password = secret.value();
      String encoded = base64(username + ':' + password);
      return Mono.just(
          new Proof(
              List.of(new Header(AUTHORIZATION, "Basic " + encoded)), List.of(encoded, password)));
    };
  }

  static Scheme header(String name, Secret secret) {
    return (_, _) -> {
      String key = secret.value();
      return proof(name, key, key);
    };
  }

  private static Mono<Proof> proof(String name, String value, String secret) {
    return Mono.just(new Proof(List.of(new Header(name, value)), List.of(secret)));
  }

  static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
