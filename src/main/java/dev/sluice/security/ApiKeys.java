package dev.sluice.security;

import dev.sluice.api.Caller;
import dev.sluice.model.Sha256;
import dev.sluice.security.SecurityProperties.ApiKey;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * API keys: {@code slk_<id>_<256 random bits, base64url>}, of which only the SHA-256 is known here.
 * A plain hash is enough for 256 random bits: there is nothing to guess. Any thread.
 */
final class ApiKeys {

  static final String PREFIX = "slk_";

  /** Compared with when the id is unknown, so that this takes as long. */
  private static final Known NOBODY =
      new Known(new byte[32], new Caller("", "", java.util.Set.of()), Instant.MIN);

  private final Map<String, Known> byId;

  /** What a key stands for. */
  private record Known(byte[] hash, Caller caller, Instant expires) {

    static Known of(ApiKey key) {
      return new Known(
          HexFormat.of().parseHex(key.sha256()),
          new Caller(key.client(), key.tenant(), key.roles()),
          key.expires() == null ? Instant.MAX : key.expires());
    }
  }

  ApiKeys(List<ApiKey> keys) {
    this.byId = keys.stream().collect(Collectors.toUnmodifiableMap(ApiKey::id, Known::of));
  }

  /** Tells whether a token means to be an API key. */
  static boolean isKey(String token) {
    return token.startsWith(PREFIX);
  }

  /** Gives who has a key; nobody for one that is unknown, wrong or over. */
  Optional<Caller> caller(String token, Instant now) {
    int end = token.indexOf('_', PREFIX.length());
    String id = end < 0 ? "" : token.substring(PREFIX.length(), end);
    Known entry = byId.getOrDefault(id, NOBODY);
    boolean same = MessageDigest.isEqual(Sha256.of(token), entry.hash);
    return same && now.isBefore(entry.expires) ? Optional.of(entry.caller) : Optional.empty();
  }
}
