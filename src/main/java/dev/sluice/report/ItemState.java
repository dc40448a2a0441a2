package dev.sluice.report;

import dev.sluice.model.OutcomeState;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an item may be asked for: its outcome, or that it has none. */
enum ItemState {
  PENDING(null),
  SUCCEEDED(OutcomeState.SUCCEEDED),
  FAILED(OutcomeState.FAILED),
  EXPIRED(OutcomeState.EXPIRED),
  CANCELLED(OutcomeState.CANCELLED),
  REJECTED(OutcomeState.REJECTED),
  IN_DOUBT(OutcomeState.IN_DOUBT);

  private final @Nullable OutcomeState outcome;

  ItemState(@Nullable OutcomeState outcome) {
    this.outcome = outcome;
  }

  /** Gives the outcomes among the states. */
  static Set<OutcomeState> outcomes(Collection<ItemState> states) {
    Set<OutcomeState> outcomes = EnumSet.noneOf(OutcomeState.class);
    for (ItemState state : states) {
      if (state.outcome != null) {
        outcomes.add(state.outcome);
      }
    }
    return outcomes;
  }
}
