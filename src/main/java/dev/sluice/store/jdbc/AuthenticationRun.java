package dev.sluice.store.jdbc;

import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How many outcomes in a row said that the credential is refused: status 401, 403 or 407. In a row
 * means by the time at which items ended: a group commit brings them by shard, and shards of
 * several destinations would otherwise look like runs.
 */
final class AuthenticationRun {

  private final List<Outcome> outcomes = new ArrayList<>();
  private final int before;
  private boolean refused;

  /**
   * @param before length of the run that earlier outcomes ended with
   */
  AuthenticationRun(int before) {
    this.before = before;
  }

  /** Takes an outcome that was really inserted. */
  void add(Outcome outcome) {
    outcomes.add(outcome);
    refused |= isRefusal(outcome);
  }

  /**
   * What the runs are with the outcomes taken.
   *
   * @param longest the longest run that ends among them
   * @param last the run they end with
   */
  record Length(int longest, int last) {}

  Length length() {
    if (!refused) {
      int run = outcomes.isEmpty() ? before : 0;
      return new Length(run, run);
    }
    outcomes.sort(Comparator.comparing(Outcome::finishedAt));
    int longest = 0;
    int run = before;
    for (Outcome outcome : outcomes) {
      run = isRefusal(outcome) ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return new Length(longest, run);
  }

  private static boolean isRefusal(Outcome outcome) {
    return outcome.state() != OutcomeState.SUCCEEDED
        && switch (outcome.statusCode()) {
          case 401, 403, 407 -> true;
          default -> false;
        };
  }
}
