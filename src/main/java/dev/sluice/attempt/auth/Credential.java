package dev.sluice.attempt.auth;

import dev.sluice.attempt.egress.HostPattern;
import dev.sluice.model.Destination;
import dev.sluice.model.OutboundRequest;
import java.util.List;
import reactor.core.publisher.Mono;

/** A credential that is shown to its hosts alone. Any thread. */
public final class Credential {

  private final List<HostPattern> hosts;
  private final boolean allowHttp;
  private final Scheme scheme;

  Credential(AuthProperties.Credential properties, Scheme scheme) {
    this.hosts = properties.hosts().stream().map(HostPattern::parse).toList();
    this.allowHttp = properties.allowHttp();
    this.scheme = scheme;
  }

  /** Tells whether the destination may see it. */
  public boolean isFor(Destination destination) {
    return (allowHttp || destination.scheme().equals("https"))
        && hosts.stream().anyMatch(host -> host.covers(destination));
  }

  /**
   * Gives what to add to the request. Fails with {@link CredentialException} when it cannot be had.
   *
   * @param key the item's idempotency key
   */
  public Mono<Proof> prove(OutboundRequest request, String key) {
    return scheme.prove(request, key);
  }

  /**
   * Takes the news that a destination did not accept it.
   *
   * @return whether another try would show another one
   */
  public boolean renew(Proof refused) {
    return scheme.renew(refused);
  }
}
