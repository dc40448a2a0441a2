package dev.sluice.attempt;

import dev.sluice.attempt.egress.HostPattern;
import dev.sluice.model.Destination;
import java.util.List;
import org.springframework.web.reactive.function.client.ExchangeFunction;

/**
 * Which client sends to a destination: the usual one, or that with the certificates for its host.
 * Any thread.
 */
final class OutboundRoutes {

  private final Route usual;
  private final List<Matched> matched;

  /** A client that may be replaced when its certificates change. */
  static final class Route {

    private volatile ExchangeFunction function;

    Route(ExchangeFunction function) {
      this.function = function;
    }

    ExchangeFunction function() {
      return function;
    }

    void replace(ExchangeFunction newer) {
      function = newer;
    }
  }

  /** A route and the hosts it is for. */
  record Matched(List<HostPattern> hosts, Route route) {}

  OutboundRoutes(ExchangeFunction usual, List<Matched> matched) {
    this.usual = new Route(usual);
    this.matched = List.copyOf(matched);
  }

  /** Gives one client for all. */
  static OutboundRoutes only(ExchangeFunction function) {
    return new OutboundRoutes(function, List.of());
  }

  /** Gives the route to a destination. Asked once for a URL that is remembered. */
  Route to(Destination destination) {
    if (destination.scheme().equals("https")) {
      for (Matched each : matched) {
        if (each.hosts().stream().anyMatch(host -> host.covers(destination))) {
          return each.route();
        }
      }
    }
    return usual;
  }
}
