package dev.sluice.secrets;

import dev.sluice.model.SecretHeaders;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How secrets that items bring are stored.
 *
 * @param keys AES-256 keys, 32 bytes in base64 each ({@code openssl rand -base64 32}), best as a
 *     mounted secret. The first seals, all open: to change it, put a new one in front on every
 *     replica, and take the old one away when the last batch of before is over
 * @param headers names of header fields that are secret beside those that {@link SecretHeaders}
 *     tells
 */
@ConfigurationProperties(prefix = "sluice.secrets", ignoreUnknownFields = false)
record SecretsProperties(@DefaultValue List<String> keys, @DefaultValue Set<String> headers) {

  static final int KEY_BYTES = 32;

  SecretsProperties {
    keys = List.copyOf(keys);
    Set<String> anyCase = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    anyCase.addAll(headers);
    headers = anyCase;
    keys.forEach(SecretsProperties::key);
  }

  /** Gives the bytes of a key. */
  static byte[] key(String text) {
    try {
      byte[] key = Base64.getDecoder().decode(text.strip());
      if (key.length == KEY_BYTES) {
        return key;
      }
    } catch (IllegalArgumentException _) {
      // Told below, without the text: it may be a key all the same.
    }
    throw new IllegalArgumentException(
        "sluice.secrets.keys must be 32 bytes in base64 each, as openssl rand -base64 32 gives");
  }

  /** Tells how many keys there are. */
  @Override
  public String toString() {
    return "SecretsProperties[" + keys.size() + " keys, headers=" + headers + ']';
  }
}
