package dev.sluice.attempt;

import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.model.Destination;
import dev.sluice.model.Verdict;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import reactor.core.publisher.Mono;
import reactor.netty.resources.ConnectionProvider;

/**
 * Sends through the exchange function that the {@code WebClient} of this room was built with: the
 * same connector and pool, without the builder, codec and observation steps that cost 1–3 µs each
 * per request.
 */
final class WebClientAttempter implements Attempter {

  private final ConnectionProvider connections;
  private final VerdictClassifier classifier;
  private final AttemptProperties properties;
  private final UrlCache urls;

  WebClientAttempter(
      OutboundRoutes routes,
      ConnectionProvider connections,
      VerdictClassifier classifier,
      AttemptProperties properties,
      EgressPolicy egress) {
    this.connections = connections;
    this.classifier = classifier;
    this.properties = properties;
    this.urls = new UrlCache(egress, routes);
  }

  @Override
  public Mono<Verdict> attempt(AttemptRequest request) {
    return new Exchange(request, urls, classifier, properties);
  }

  /** A pool keeps its first exchange and a timer, some 10 KiB, however idle it is. */
  @Override
  public void forget(Destination destination) {
    connections.disposeWhen(
        InetSocketAddress.createUnresolved(asPooled(destination.host()), destination.port()));
  }

  /** Pools know an IPv6 address written in full and without brackets. */
  private static String asPooled(String host) {
    return host.startsWith("[")
        ? InetAddress.ofLiteral(host.substring(1, host.length() - 1)).getHostAddress()
        : host;
  }
}
