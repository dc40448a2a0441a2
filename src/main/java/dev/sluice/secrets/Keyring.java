package dev.sluice.secrets;

import com.google.crypto.tink.AccessesPartialKey;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.aead.AeadConfig2026;
import com.google.crypto.tink.aead.AesGcmKey;
import com.google.crypto.tink.aead.AesGcmParameters;
import com.google.crypto.tink.util.SecretBytes;
import dev.sluice.model.ItemSecrets;
import dev.sluice.model.SecretHeaders;
import dev.sluice.model.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Seals with AES-256-GCM: a nonce of its own for each secret, the place as associated data, and
 * before it the number of the key, which is made of the key, so that nobody has to number them. A
 * process without keys in its configuration makes one when it has a directory of its own. Any
 * thread.
 */
final class Keyring implements ItemSecrets {

  private static final Logger log = LoggerFactory.getLogger(Keyring.class);

  private final SecretsProperties properties;
  private final @Nullable KeyFile file;
  private final SecureRandom random;
  private volatile @Nullable Aead keys;

  Keyring(SecretsProperties properties, @Nullable KeyFile file, SecureRandom random) {
    this.properties = properties;
    this.file = file;
    this.random = random;
  }

  @Override
  public boolean isSecret(String header) {
    return SecretHeaders.contains(header) || properties.headers().contains(header);
  }

  @Override
  public @Nullable String seal(String secret, String place) {
    Aead known = keys(true);
    if (known == null) {
      return null;
    }
    try {
      return Base64.getEncoder().encodeToString(known.encrypt(utf8(secret), utf8(place)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM seals any text, indicates a bug", e);
    }
  }

  @Override
  public @Nullable String open(String sealed, String place) {
    Aead known = keys(false);
    if (known == null) {
      return null;
    }
    try {
      return new String(
          known.decrypt(Base64.getDecoder().decode(sealed), utf8(place)), StandardCharsets.UTF_8);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      log.atDebug().addKeyValue("reason", e.getMessage()).log("A secret could not be opened.");
      return null;
    }
  }

  private @Nullable Aead keys(boolean make) {
    Aead known = keys;
    return known != null ? known : find(make);
  }

  private synchronized @Nullable Aead find(boolean make) {
    if (keys == null) {
      List<byte[]> all = new ArrayList<>();
      properties.keys().forEach(text -> all.add(SecretsProperties.key(text)));
      byte[] own = own(make && all.isEmpty());
      if (own != null) {
        all.add(own);
      }
      keys = all.isEmpty() ? null : aead(all);
    }
    return keys;
  }

  private byte @Nullable [] own(boolean make) {
    if (file == null) {
      return null;
    }
    try {
      byte[] key = file.read();
      if (key == null && make) {
        key = file.make(random);
        log.atInfo()
            .addKeyValue("file", file)
            .log("Secrets of items are sealed with a key of this file; keep it with backups.");
      }
      return key;
    } catch (IOException e) {
      // As without a key: what would be sealed is refused, what is sealed waits.
      log.atError()
          .addKeyValue("file", file)
          .addKeyValue("reason", e.toString())
          .log("The key that secrets of items are sealed with cannot be used.");
      return null;
    }
  }

  /** Gives what seals with the first key and opens with all. */
  @AccessesPartialKey
  private static Aead aead(List<byte[]> keys) {
    try {
      AesGcmParameters parameters =
          AesGcmParameters.builder()
              .setKeySizeBytes(SecretsProperties.KEY_BYTES)
              .setIvSizeBytes(12)
              .setTagSizeBytes(16)
              .setVariant(AesGcmParameters.Variant.TINK)
              .build();
      KeysetHandle.Builder keyset = KeysetHandle.newBuilder();
      List<Integer> numbers = new ArrayList<>();
      for (byte[] bytes : keys) {
        int number = number(bytes);
        if (numbers.contains(number)) {
          continue;
        }
        AesGcmKey key =
            AesGcmKey.builder()
                .setParameters(parameters)
                .setKeyBytes(SecretBytes.copyFrom(bytes, InsecureSecretKeyAccess.get()))
                .setIdRequirement(number)
                .build();
        KeysetHandle.Builder.Entry entry = KeysetHandle.importKey(key).withFixedId(number);
        keyset.addEntry(numbers.isEmpty() ? entry.makePrimary() : entry);
        numbers.add(number);
      }
      return keyset.build().getPrimitive(AeadConfig2026.get(), Aead.class);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Tink has AES-256-GCM, indicates a bug", e);
    }
  }

  private static int number(byte[] key) {
    return ByteBuffer.wrap(Sha256.digest().digest(key)).getInt();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
