package dev.sluice.chaos;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Counts, per run, what its end cost. */
final class CostOfCrashes {

  private final List<Story.Run> runs;
  private final Map<Integer, Integer> duplicates = new HashMap<>();
  private final Map<Integer, Integer> doubts = new HashMap<>();

  CostOfCrashes(List<Story.Run> runs) {
    this.runs = runs;
  }

  /** A request of this run was repeated or never recorded. */
  void duplicate(int run) {
    duplicates.merge(run, 1, Integer::sum);
  }

  /**
   * An item was in doubt from then on.
   *
   * @param byPredecessor whether the run before that time is to blame, not the one at that time
   */
  void doubt(Instant since, boolean byPredecessor) {
    int during = 0;
    for (Story.Run run : runs) {
      if (!run.startedAt().isAfter(since)) {
        during = run.number();
      }
    }
    if (runs.getLast().endedAt().isBefore(since)) {
      during++;
    }
    doubts.merge(byPredecessor ? during - 1 : during, 1, Integer::sum);
  }

  void report(Findings findings) {
    for (Story.Run run : runs) {
      findings.cost(
          run, duplicates.getOrDefault(run.number(), 0), doubts.getOrDefault(run.number(), 0));
    }
    // The last run ended after everything was stored: it may have cost nothing.
    int last = runs.getLast().number() + 1;
    Story.Run clean = new Story.Run(last, Instant.MAX, Instant.MAX, 0, 0);
    findings.cost(clean, duplicates.getOrDefault(last, 0), doubts.getOrDefault(last, 0));
  }
}
