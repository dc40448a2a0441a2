package dev.sluice.store;

import dev.sluice.model.OutcomeState;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which items of a batch; every part that is given must match.
 *
 * @param clientId the client's label
 * @param states outcome states; empty means any
 * @param pending whether items without outcome match; with {@code states} either suffices
 * @param statusCode status of the last reply
 * @param errorCode stable error code
 * @param destination destination key
 * @param indexes item indexes; empty means any
 */
public record ItemFilter(
    @Nullable String clientId,
    Set<OutcomeState> states,
    boolean pending,
    @Nullable Integer statusCode,
    @Nullable String errorCode,
    @Nullable String destination,
    Set<Long> indexes) {

  /** Every item. */
  public static final ItemFilter ALL =
      new ItemFilter(null, Set.of(), false, null, null, null, Set.of());

  public ItemFilter {
    states = Set.copyOf(states);
    indexes = Set.copyOf(indexes);
  }
}
