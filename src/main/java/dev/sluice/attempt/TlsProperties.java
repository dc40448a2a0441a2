package dev.sluice.attempt;

import dev.sluice.attempt.egress.HostPattern;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * With which certificates Sluice speaks TLS. Destinations are always verified: by the authorities
 * of the JVM unless a bundle names others.
 *
 * @param routes SSL bundles for destinations, {@code [{hosts: […], bundle: …}]}; the first whose
 *     host pattern matches counts. A bundle ({@code spring.ssl.bundle.*}) brings authorities, a
 *     client certificate, or both; one that changes is used from the next connection on
 */
@ConfigurationProperties("sluice.attempt.tls")
public record TlsProperties(@DefaultValue List<Route> routes) {

  /**
   * Destinations and their bundle.
   *
   * @param hosts host patterns, as in {@code sluice.attempt.egress.hosts}
   * @param bundle name of the bundle
   */
  public record Route(@DefaultValue List<String> hosts, String bundle) {

    public Route {
      hosts = List.copyOf(hosts);
      hosts.forEach(HostPattern::parse);
      if (hosts.isEmpty() || bundle == null || bundle.isBlank()) {
        throw new IllegalArgumentException(
            "sluice.attempt.tls.routes need hosts and a bundle each, was " + hosts + ", " + bundle);
      }
    }
  }

  public TlsProperties {
    routes = List.copyOf(routes);
  }
}
