package dev.sluice.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.jca.JCAContext;
import com.nimbusds.jose.proc.JWSVerifierFactory;
import com.nimbusds.jose.util.Base64URL;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.PublicKey;
import java.security.Signature;
import java.util.HashSet;
import java.util.Set;

/**
 * Verifies EdDSA signatures with the JDK.
 *
 * @param others verifies the rest
 */
record EdwardsVerifiers(JWSVerifierFactory others) implements JWSVerifierFactory {

  @Override
  public JWSVerifier createJWSVerifier(JWSHeader header, Key key) throws JOSEException {
    return JWSAlgorithm.EdDSA.equals(header.getAlgorithm()) && key instanceof PublicKey known
        ? new Verifier(known, new JCAContext())
        : others.createJWSVerifier(header, key);
  }

  @Override
  public Set<JWSAlgorithm> supportedJWSAlgorithms() {
    Set<JWSAlgorithm> all = new HashSet<>(others.supportedJWSAlgorithms());
    all.add(JWSAlgorithm.EdDSA);
    return all;
  }

  @Override
  public JCAContext getJCAContext() {
    return others.getJCAContext();
  }

  private record Verifier(PublicKey key, JCAContext context) implements JWSVerifier {

    @Override
    public boolean verify(JWSHeader header, byte[] input, Base64URL signature)
        throws JOSEException {
      try {
        Signature check = Signature.getInstance("Ed25519");
        check.initVerify(key);
        check.update(input);
        return header.getCriticalParams() == null && check.verify(signature.decode());
      } catch (java.security.SignatureException _) {
        return false;
      } catch (GeneralSecurityException e) {
        throw new JOSEException("Ed25519 cannot be verified", e);
      }
    }

    @Override
    public Set<JWSAlgorithm> supportedJWSAlgorithms() {
      return Set.of(JWSAlgorithm.EdDSA);
    }

    @Override
    public JCAContext getJCAContext() {
      return context;
    }
  }
}
