package dev.sluice.security;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.proc.JWSKeySelector;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses an issuer's Ed25519 keys for tokens signed so (RFC 8037), which the library leaves out
 * unless another cryptography library is there, though the JDK knows them since 15.
 *
 * @param others chooses keys for the algorithms that the library knows, and has the source
 */
record EdwardsKeys(JWSVerificationKeySelector<SecurityContext> others)
    implements JWSKeySelector<SecurityContext> {

  /** SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410). */
  private static final byte[] PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  @Override
  public List<? extends Key> selectJWSKeys(JWSHeader header, @Nullable SecurityContext context)
      throws KeySourceException {
    if (!JWSAlgorithm.EdDSA.equals(header.getAlgorithm())) {
      return others.selectJWSKeys(header, context);
    }
    JWKMatcher matcher =
        new JWKMatcher.Builder()
            .keyType(com.nimbusds.jose.jwk.KeyType.OKP)
            .curve(Curve.Ed25519)
            .keyID(header.getKeyID())
            .build();
    List<Key> keys = new ArrayList<>();
    for (JWK key : others.getJWKSource().get(new JWKSelector(matcher), context)) {
      if (key instanceof OctetKeyPair pair) {
        keys.add(publicKey(pair.getDecodedX()));
      }
    }
    return keys;
  }

  private static PublicKey publicKey(byte[] x) throws KeySourceException {
    byte[] encoded = java.util.Arrays.copyOf(PREFIX, PREFIX.length + x.length);
    System.arraycopy(x, 0, encoded, PREFIX.length, x.length);
    try {
      return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
    } catch (GeneralSecurityException e) {
      throw new KeySourceException("A published Ed25519 key is not valid", e);
    }
  }
}
