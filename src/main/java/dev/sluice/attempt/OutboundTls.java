package dev.sluice.attempt;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslOptions;
import reactor.netty.http.client.HttpClient;

/** Makes a client speak TLS with the certificates of a bundle. There is no way not to verify. */
final class OutboundTls {

  private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

  private OutboundTls() {}

  /**
   * Gives the client with the authorities and the certificate of the bundle.
   *
   * @throws IllegalArgumentException when the bundle cannot be used
   */
  static HttpClient with(HttpClient client, String name, SslBundle bundle) {
    SslOptions options = bundle.getOptions();
    List<String> protocols =
        options.getEnabledProtocols() == null
            ? PROTOCOLS
            : Arrays.asList(options.getEnabledProtocols());
    if (!PROTOCOLS.containsAll(protocols)) {
      throw new IllegalArgumentException(
          "The SSL bundle "
              + name
              + " enables "
              + protocols
              + "; outwards Sluice speaks "
              + PROTOCOLS);
    }
    SslContext context = context(name, bundle, options, protocols);
    return client.secure(spec -> spec.sslContext(context));
  }

  private static SslContext context(
      String name, SslBundle bundle, SslOptions options, List<String> protocols) {
    try {
      return SslContextBuilder.forClient()
          .keyManager(bundle.getManagers().getKeyManagerFactory())
          .trustManager(bundle.getManagers().getTrustManagerFactory())
          .ciphers(options.getCiphers() == null ? null : Arrays.asList(options.getCiphers()))
          .protocols(protocols)
          .endpointIdentificationAlgorithm("HTTPS")
          .build();
    } catch (SSLException e) {
      throw new IllegalArgumentException("The SSL bundle " + name + " cannot be used", e);
    }
  }
}
