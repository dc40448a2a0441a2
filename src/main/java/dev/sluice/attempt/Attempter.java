package dev.sluice.attempt;

import dev.sluice.model.Destination;
import reactor.core.publisher.Mono;

/** Makes attempts. */
public interface Attempter {

  /**
   * Sends the request once when subscribed to, and gives exactly one verdict. Never errors; never
   * gives up by itself except on the pool's and the connect's own limits: the deadline is the
   * caller's, by {@link Cutter#cut}. The verdict arrives on an event loop, or on the thread that
   * cut.
   */
  Mono<dev.sluice.model.Verdict> attempt(AttemptRequest request);

  /**
   * Closes what is kept for a destination that has had no work for a while; it may come back.
   * Called while no attempt to it runs; returns at once.
   */
  default void forget(Destination destination) {
    // An attempter that keeps nothing has nothing to close.
  }
}
