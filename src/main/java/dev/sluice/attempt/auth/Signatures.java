package dev.sluice.attempt.auth;

import dev.sluice.model.Header;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import reactor.core.publisher.Mono;

/** Secrets that sign what is sent and are not shown. */
final class Signatures {

  private static final String ALGORITHM = "HmacSHA256";
  private static final String PREFIX = "whsec_";

  private Signatures() {}

  /** Signs the body: {@code sha256=<hex>}. */
  static Scheme hmac(String header, Secret secret) {
    return (request, _) -> {
      byte[] key = secret.value().getBytes(StandardCharsets.UTF_8);
      String signature = HexFormat.of().formatHex(mac(key, request.body()));
      return Mono.just(
          new Proof(List.of(new Header(header, "sha256=" + signature)), List.of(secret.value())));
    };
  }

  /** Signs id, time and body as the Standard Webhooks specification 1.0.0 says. */
  static Scheme standardWebhooks(Secret secret, InstantSource clock) {
    byte[] _ = key(secret.value());
    return (request, id) -> {
      String time = Long.toString(clock.instant().getEpochSecond());
      String signature =
          Base64.getEncoder()
              .encodeToString(
                  mac(
                      key(secret.value()),
                      (id + '.' + time + '.').getBytes(StandardCharsets.UTF_8),
                      request.body()));
      return Mono.just(
          new Proof(
              List.of(
                  new Header("webhook-id", id),
                  new Header("webhook-timestamp", time),
                  new Header("webhook-signature", "v1," + signature)),
              List.of(secret.value())));
    };
  }

  private static byte[] key(String secret) {
    try {
      return Base64.getDecoder()
          .decode(secret.startsWith(PREFIX) ? secret.substring(PREFIX.length()) : secret);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "The secret of standard-webhooks is whsec_ and base64, as the receiver gave it");
    }
  }

  private static byte[] mac(byte[] key, byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      for (byte[] part : parts) {
        mac.update(part);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every JVM has " + ALGORITHM + ", indicates a bug", e);
    }
  }
}
