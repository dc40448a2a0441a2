package dev.sluice.attempt.auth;

import dev.sluice.model.OutboundRequest;
import reactor.core.publisher.Mono;

/** A way to show a secret. */
interface Scheme {

  /** Gives what to add to a request. */
  Mono<Proof> prove(OutboundRequest request, String key);

  /** Takes the news that it was not accepted; tells whether another try would show another. */
  default boolean renew(Proof refused) {
    return false;
  }
}
