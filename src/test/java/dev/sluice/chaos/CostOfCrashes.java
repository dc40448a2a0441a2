package dev.sluice.chaos;

import dev.sluice.chaos.Sightings.Sighting;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Counts, per run, what its end cost. */
final class CostOfCrashes {

  /** A request that came so long after the outcome of its item was read was not under way then. */
  private static final Duration UNDER_WAY = Duration.ofSeconds(1);

  /** Nobody takes over what a replica held before it was silent for so long. */
  private static final Duration SOONEST_TAKEOVER = Duration.ofSeconds(11);

  private final List<Story.Run> runs;
  private final Map<Integer, Story.Run> byNumber = new HashMap<>();
  private final Blame blame;
  private final Map<Integer, Integer> duplicates = new HashMap<>();
  private final Map<Integer, Integer> doubts = new HashMap<>();

  /** Tells which run left an item in doubt. */
  @FunctionalInterface
  private interface Blame {
    int of(Instant since, boolean atTakeover, List<Sighting> requests);
  }

  private CostOfCrashes(Story story, boolean several) {
    this.runs = story.runs();
    runs.forEach(run -> byNumber.put(run.number(), run));
    this.blame = several ? this::amongReplicas : this::beforeSuccessor;
  }

  /** Of processes each of which began when the one before had ended. */
  static CostOfCrashes ofSuccessors(Story story) {
    return new CostOfCrashes(story, false);
  }

  /** Of processes that lived beside each other. */
  static CostOfCrashes ofReplicas(Story story) {
    return new CostOfCrashes(story, true);
  }

  /** A request of this run was repeated or never recorded. */
  void duplicate(int run) {
    duplicates.merge(run, 1, Integer::sum);
  }

  /**
   * An item was in doubt from then on.
   *
   * @param atTakeover whether whoever came after it said so, not the run that sent it
   * @param requests that were seen of it
   */
  void doubt(Instant since, boolean atTakeover, List<Sighting> requests) {
    doubts.merge(blame.of(since, atTakeover, requests), 1, Integer::sum);
  }

  private int beforeSuccessor(Instant since, boolean atTakeover, List<Sighting> requests) {
    int during = 0;
    for (Story.Run run : runs) {
      if (!run.startedAt().isAfter(since)) {
        during = run.number();
      }
    }
    if (runs.getLast().endedAt().isBefore(since)) {
      during++;
    }
    return atTakeover ? during - 1 : during;
  }

  /** One of those that sent it; when nobody did, the one taken over last. */
  private int amongReplicas(Instant since, boolean atTakeover, List<Sighting> requests) {
    if (!requests.isEmpty()) {
      return requests.stream()
          .map(Sighting::run)
          .filter(this::mayCost)
          .reduce((_, last) -> last)
          .orElse(requests.getLast().run());
    }
    int blamed = 0;
    for (Story.Run run : runs) {
      if (run.doubtBound() > 0
          && (blamed == 0 || !run.endedAt().isAfter(since.minus(SOONEST_TAKEOVER)))) {
        blamed = run.number();
      }
    }
    return blamed;
  }

  /** Tells whether the end of a run may have had anything sent twice. */
  boolean mayCost(int run) {
    Story.Run known = byNumber.get(run);
    return known != null && known.duplicateBound() > 0;
  }

  /** Tells whether nobody may have sent this who knew that its item had an outcome. */
  boolean isTooLate(Sighting request, Instant reportedAt) {
    Story.Run run = byNumber.get(request.run());
    if (run != null && run.late()) {
      return false;
    }
    Instant startedAt = run == null ? runs.getLast().endedAt() : run.startedAt();
    return startedAt.isAfter(reportedAt) || request.at().isAfter(reportedAt.plus(UNDER_WAY));
  }

  void report(Findings findings) {
    TreeSet<Integer> numbers = new TreeSet<>(byNumber.keySet());
    numbers.addAll(duplicates.keySet());
    numbers.addAll(doubts.keySet());
    for (int number : numbers) {
      // A run that is not known ended after everything was stored: it may have cost nothing.
      Story.Run run =
          byNumber.getOrDefault(number, new Story.Run(number, Instant.MAX, Instant.MAX, 0, 0));
      findings.cost(run, duplicates.getOrDefault(number, 0), doubts.getOrDefault(number, 0));
    }
  }
}
