package dev.sluice.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a campaign showed; filled by the checker. One thread. */
final class Findings {

  private final Story story;
  private final List<Duration> restarts;
  private final Takeovers takeovers = new Takeovers();
  private long acceptedItems;
  private long lostItems;
  private int mostDuplicates;
  private int duplicateBound;
  private int mostDoubts;
  private int doubtBound;

  Findings(Story story, List<Duration> restarts) {
    this.story = story;
    this.restarts = restarts;
  }

  void accepted(long items) {
    acceptedItems += items;
  }

  void lost(long items, String what) {
    lostItems += items;
    story.fault("Lost: " + what);
  }

  /** Notes what the end of one run cost. */
  void cost(Story.Run run, int duplicates, int doubts) {
    mostDuplicates = Math.max(mostDuplicates, duplicates);
    mostDoubts = Math.max(mostDoubts, doubts);
    duplicateBound = Math.max(duplicateBound, run.duplicateBound());
    doubtBound = Math.max(doubtBound, run.doubtBound());
    if (duplicates > run.duplicateBound()) {
      story.fault(
          "The end of run %d had %d items sent twice, more than %d"
              .formatted(run.number(), duplicates, run.duplicateBound()));
    }
    if (doubts > run.doubtBound()) {
      story.fault(
          "The end of run %d left %d items in doubt, more than %d"
              .formatted(run.number(), doubts, run.doubtBound()));
    }
  }

  int cycleCount() {
    return story.cycleCount();
  }

  long acceptedItems() {
    return acceptedItems;
  }

  long lostItems() {
    return lostItems;
  }

  int mostDuplicates() {
    return mostDuplicates;
  }

  int duplicateBound() {
    return duplicateBound;
  }

  int mostDoubts() {
    return mostDoubts;
  }

  int doubtBound() {
    return doubtBound;
  }

  List<Duration> restarts() {
    return restarts;
  }

  /** Gives how long others waited for what ended processes held. */
  Takeovers takeovers() {
    return takeovers;
  }

  /** Gives what must not be, the first of it in words. */
  List<String> faults() {
    return story.faults();
  }

  boolean isGood() {
    return story.faultCount() == 0;
  }

  /** Gives the value below which 99 of 100 lie. */
  static Duration p99(List<Duration> durations) {
    if (durations.isEmpty()) {
      return Duration.ZERO;
    }
    List<Duration> sorted = new ArrayList<>(durations);
    Collections.sort(sorted);
    return sorted.get((int) Math.ceil(sorted.size() * 0.99) - 1);
  }
}
