package dev.sluice.hostile;

import dev.sluice.model.Delivery;
import dev.sluice.model.OutcomeState;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a fault must come to when every try of an item meets it.
 *
 * @param atLeastOnce outcomes allowed when lost replies are sent again; more than one only where
 *     timing decides
 * @param atMostOnce outcomes allowed when they are not
 * @param errorCodes codes allowed on items that did not succeed
 */
public record Expectation(
    Set<OutcomeState> atLeastOnce, Set<OutcomeState> atMostOnce, Set<String> errorCodes) {

  /** The error code of an item that had a reply. */
  static final String HTTP_STATUS = "http_status";

  /** Gives the outcomes allowed in a mode. */
  public Set<OutcomeState> outcomes(Delivery delivery) {
    return switch (delivery) {
      case AT_LEAST_ONCE -> atLeastOnce;
      case AT_MOST_ONCE -> atMostOnce;
    };
  }

  /** Tells whether the destination is held for so long that somebody must cancel the batch. */
  boolean isHeld() {
    return atLeastOnce.contains(OutcomeState.CANCELLED);
  }

  /** A 2xx with whole headers came, whatever became of its body. */
  static Expectation succeeds() {
    return both(OutcomeState.SUCCEEDED);
  }

  /** A whole reply that is final. */
  static Expectation refused() {
    return both(OutcomeState.FAILED, HTTP_STATUS);
  }

  /** The destination certainly took nothing. */
  static Expectation notSent(String... codes) {
    return both(OutcomeState.FAILED, codes);
  }

  /** The destination may have taken it, and nothing definite came back. */
  static Expectation inDoubt(String... codes) {
    return both(OutcomeState.IN_DOUBT, codes);
  }

  /** A reply that asks for another try, which goes well; in the other mode the reply is final. */
  static Expectation healsWhenRetried() {
    return new Expectation(
        EnumSet.of(OutcomeState.SUCCEEDED), EnumSet.of(OutcomeState.FAILED), Set.of(HTTP_STATUS));
  }

  /** Nothing goes to the destination for so long that the batch is cancelled. */
  static Expectation held() {
    return new Expectation(
        EnumSet.of(OutcomeState.CANCELLED),
        EnumSet.of(OutcomeState.FAILED, OutcomeState.CANCELLED),
        Set.of(HTTP_STATUS));
  }

  /** Timing decides between these, in both modes. */
  static Expectation oneOf(Set<OutcomeState> outcomes, String... codes) {
    return new Expectation(outcomes, outcomes, Set.of(codes));
  }

  private static Expectation both(OutcomeState outcome, String... codes) {
    return oneOf(EnumSet.of(outcome), codes);
  }
}
