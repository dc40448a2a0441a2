package dev.sluice.attempt.auth;

import dev.sluice.attempt.egress.HostPattern;
import dev.sluice.model.ReservedHeaders;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What Sluice may show to destinations.
 *
 * @param credentials by the name that {@code options.auth.credential} gives: {@code {type, hosts,
 *     secret or secret-file, …}}
 */
@ConfigurationProperties("sluice.attempt.auth")
public record AuthProperties(@DefaultValue Map<String, Credential> credentials) {

  /** How a credential is shown. */
  public enum Type {
    /** {@code Authorization: Bearer <secret>}. */
    BEARER,
    /** {@code Authorization: Basic}, of {@code username} and the secret (RFC 7617). */
    BASIC,
    /** The secret in the header named by {@code header}. */
    HEADER,
    /** A token of {@code token-url}, client credentials grant (RFC 6749 §4.4). */
    OAUTH2,
    /** {@code sha256=<hex>}: HMAC-SHA256 of the body, in {@code header}. */
    HMAC,
    /** Signed as standardwebhooks.com says; the secret is {@code whsec_…}. */
    STANDARD_WEBHOOKS
  }

  /**
   * One credential.
   *
   * @param type how it is shown
   * @param hosts host patterns of those it may be shown to, as in {@code
   *     sluice.attempt.egress.hosts}, but never all
   * @param allowHttp whether it may be shown without TLS
   * @param secret the token, password, key or client secret
   * @param secretFile a file that holds it instead; read again when it changes
   * @param username of {@code basic}
   * @param header of {@code header} and {@code hmac}
   * @param tokenUrl of {@code oauth2}
   * @param clientId of {@code oauth2}
   * @param scope of {@code oauth2}; none when absent
   */
  public record Credential(
      Type type,
      @DefaultValue List<String> hosts,
      @DefaultValue("false") boolean allowHttp,
      @Nullable String secret,
      @Nullable Path secretFile,
      @Nullable String username,
      @Nullable String header,
      @Nullable URI tokenUrl,
      @Nullable String clientId,
      @Nullable String scope) {

    public Credential {
      hosts = List.copyOf(hosts);
      if (type == null) {
        throw new IllegalArgumentException("A credential needs a type");
      }
      if (hosts.isEmpty() || hosts.stream().map(HostPattern::parse).anyMatch(HostPattern::isAll)) {
        throw new IllegalArgumentException(
            "A credential needs hosts that it is for, and * is not one: who submits would choose who sees it");
      }
      if ((secret == null) == (secretFile == null)) {
        throw new IllegalArgumentException("A credential needs either secret or secret-file");
      }
      require(type != Type.BASIC || username != null, type, "username");
      require((type != Type.HEADER && type != Type.HMAC) || header != null, type, "header");
      if (header != null && ReservedHeaders.contains(header)) {
        throw new IllegalArgumentException("No credential can go into the header " + header);
      }
      require(type != Type.OAUTH2 || tokenUrl != null, type, "token-url");
      require(type != Type.OAUTH2 || clientId != null, type, "client-id");
    }

    private static void require(boolean given, Type type, String key) {
      if (!given) {
        throw new IllegalArgumentException("A credential of type " + type + " needs " + key);
      }
    }

    /** Gives the type and the hosts, never the secret. */
    @Override
    public String toString() {
      return "Credential[" + type + ", " + hosts + "]";
    }
  }

  public AuthProperties {
    credentials = Map.copyOf(credentials);
  }
}
