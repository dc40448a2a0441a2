package dev.sluice.security;

import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.proc.ConfigurableJWTProcessor;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.jwt.SupplierJwtDecoder;
import org.springframework.web.client.RestTemplate;

/** Makes what checks tokens: signature by the issuer's published keys, then every claim we pin. */
final class TokenDecoders {

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private TokenDecoders() {}

  /** Gives the decoder; the issuer is first asked for its keys when the first token comes. */
  static JwtDecoder of(OidcProperties oidc) {
    String issuer = Objects.requireNonNull(oidc.issuer());
    String audience = Objects.requireNonNull(oidc.audience());
    return new SupplierJwtDecoder(
        () -> {
          NimbusJwtDecoder.JwkSetUriJwtDecoderBuilder builder =
              oidc.jwkSetUri() == null
                  ? NimbusJwtDecoder.withIssuerLocation(issuer)
                  : NimbusJwtDecoder.withJwkSetUri(oidc.jwkSetUri().toString());
          NimbusJwtDecoder decoder =
              builder
                  .restOperations(patient())
                  .jwsAlgorithm(SignatureAlgorithm.RS256)
                  .jwsAlgorithm(SignatureAlgorithm.ES256)
                  .jwtProcessorCustomizer(TokenDecoders::takeEdwardsCurves)
                  .build();
          decoder.setJwtValidator(validator(issuer, audience));
          return decoder;
        });
  }

  private static OAuth2TokenValidator<Jwt> validator(String issuer, String audience) {
    return new DelegatingOAuth2TokenValidator<>(
        new JwtTimestampValidator(),
        new JwtIssuerValidator(issuer),
        new JwtClaimValidator<List<String>>(
            JwtClaimNames.AUD, given -> given != null && given.contains(audience)),
        new JwtClaimValidator<Instant>(JwtClaimNames.EXP, Objects::nonNull));
  }

  private static void takeEdwardsCurves(ConfigurableJWTProcessor<SecurityContext> processor) {
    if (processor.getJWSKeySelector() instanceof JWSVerificationKeySelector<SecurityContext> keys) {
      processor.setJWSKeySelector(new EdwardsKeys(keys));
      processor.setJWSVerifierFactory(new EdwardsVerifiers(processor.getJWSVerifierFactory()));
    } else {
      throw new IllegalStateException("The token library chooses keys otherwise, indicates a bug");
    }
  }

  private static RestTemplate patient() {
    JdkClientHttpRequestFactory factory =
        new JdkClientHttpRequestFactory(HttpClient.newBuilder().connectTimeout(PATIENCE).build());
    factory.setReadTimeout(PATIENCE);
    return new RestTemplate(factory);
  }
}
