package dev.sluice.secrets;

import dev.sluice.model.ItemSecrets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/** Keyrings with keys that are known here alone. */
public final class Keyrings {

  private Keyrings() {}

  /** Gives a key that is always the same for a number. */
  public static String key(int number) {
    byte[] key = new byte[SecretsProperties.KEY_BYTES];
    Arrays.fill(key, (byte) number);
    return Base64.getEncoder().encodeToString(key);
  }

  /** Gives a keyring that seals with the first of the keys. */
  public static ItemSecrets of(String... keys) {
    return new Keyring(
        new SecretsProperties(List.of(keys), Set.of("X-Tenant-Pin")), null, new SecureRandom());
  }
}
