package dev.sluice.report;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.DestinationKeys;
import dev.sluice.store.ItemFilter;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the filters that items and results share. */
final class Filters {

  private Filters() {}

  static ItemFilter items(
      @Nullable String id,
      @Nullable Set<ItemState> states,
      @Nullable Integer statusCode,
      @Nullable String errorCode,
      @Nullable String destination) {
    requireNamed(states);
    Set<ItemState> wanted = states == null ? Set.of() : states;
    if (statusCode != null && (statusCode < 100 || statusCode > 599)) {
      throw ApiProblem.invalidParameter("statusCode", "must be 100..599, was " + statusCode);
    }
    return new ItemFilter(
        id,
        ItemState.outcomes(wanted),
        wanted.contains(ItemState.PENDING),
        statusCode,
        errorCode,
        destination == null ? null : DestinationKeys.parse(destination).key(),
        Set.of());
  }

  /**
   * Refuses a blank where a state should be, which arrives as null.
   *
   * @throws ApiProblem 400
   */
  static void requireNamed(@Nullable Set<?> states) {
    if (states != null && states.stream().anyMatch(Objects::isNull)) {
      throw ApiProblem.invalidParameter("state", "must name a state, was blank");
    }
  }
}
