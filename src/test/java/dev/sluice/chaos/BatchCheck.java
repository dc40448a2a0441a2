package dev.sluice.chaos;

import dev.sluice.chaos.Sightings.Sighting;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Checks one batch that has ended: its result lines, one after the other, then its counts. */
final class BatchCheck {

  /**
   * Codes of failures before the first byte. An item that ends with a deadline found no connection
   * in time: one that may have been sent ends in doubt.
   */
  private static final Set<String> NOT_SENT =
      Set.of("dns", "connect", "connect_timeout", "tls", "pool", "guard", "deadline");

  private static final Map<String, String> COUNTED =
      Map.of(
          "SUCCEEDED", "succeeded",
          "FAILED", "failed",
          "EXPIRED", "expired",
          "CANCELLED", "cancelled",
          "REJECTED", "rejected",
          "IN_DOUBT", "inDoubt");

  private final Story story;
  private final Findings findings;
  private final Sightings sightings;
  private final CostOfCrashes costs;
  private final JsonNode batch;
  private final @Nullable Submission submission;
  private final String id;
  private final int total;
  private final boolean atMostOnce;
  private final Map<Integer, Story.Reported.Line> reported;
  private final BitSet seen = new BitSet();
  private final Map<String, Integer> states = new HashMap<>();
  private long lastSeq;

  /**
   * @param submission what was submitted; null for a redrive
   * @param atMostOnce whether no item may arrive twice
   */
  BatchCheck(
      Story story,
      Findings findings,
      Sightings sightings,
      CostOfCrashes costs,
      JsonNode batch,
      @Nullable Submission submission,
      boolean atMostOnce) {
    this.story = story;
    this.findings = findings;
    this.sightings = sightings;
    this.costs = costs;
    this.batch = batch;
    this.submission = submission;
    this.id = batch.path("id").asString();
    this.total = batch.path("counts").path("total").asInt();
    this.atMostOnce = atMostOnce;
    Story.Reported known = story.reported().get(id);
    this.reported = known == null ? Map.of() : known.lines();
  }

  /** Takes the next result line. */
  void line(JsonNode line) {
    int index = line.path("index").asInt(-1);
    long seq = line.path("seq").asLong();
    if (index < 0 || index >= total || seen.get(index) || seq <= lastSeq) {
      fault(line, "is out of order, unknown or there twice");
      return;
    }
    seen.set(index);
    lastSeq = seq;
    String state = line.path("state").asString();
    states.merge(state, 1, Integer::sum);
    Story.Reported.Line earlier = reported.get(index);
    if (earlier != null && !earlier.text().equals(Story.Reported.textOf(line))) {
      fault(line, "was " + earlier.text());
    }
    if (submission != null
        && submission.isPoison(index)
        && !line.path("error").path("code").asString("").equals("poison")) {
      fault(line, "but it is poison");
    }
    List<Sighting> requests = sightings.of(id, index);
    judge(line, state, requests);
    repeats(line, requests, earlier);
  }

  private void judge(JsonNode line, String state, List<Sighting> requests) {
    int attempts = line.path("attempts").asInt();
    int status = line.path("statusCode").asInt(0);
    String code = line.path("error").path("code").asString("");
    switch (state) {
      case "SUCCEEDED" -> {
        if (requests.stream()
            .noneMatch(
                request ->
                    request.attempt() == attempts && request.whole() && request.reply() == 200)) {
          fault(line, "but no whole request of that attempt got a 200");
        }
      }
      case "FAILED" -> {
        boolean replied =
            requests.stream()
                .anyMatch(request -> request.attempt() == attempts && request.reply() == status);
        boolean arrived = requests.stream().anyMatch(request -> request.attempt() == attempts);
        if (status > 0 && !replied) {
          fault(line, "but that attempt got no such reply");
        }
        if (NOT_SENT.contains(code) && arrived) {
          fault(line, "but that attempt did arrive");
        }
        if (code.equals("poison")) {
          if (submission == null || !submission.isPoison(line.path("index").asInt())) {
            fault(line, "but it ended no process");
          }
        } else if (status == 0 && !NOT_SENT.contains(code)) {
          fault(line, "but it is not certain that nothing was sent");
        }
      }
      case "IN_DOUBT" -> {
        if (requests.stream().noneMatch(Sighting::isBroken)) {
          // A closed shard says only that; a verdict says what happened, in its own run.
          costs.doubt(
              Instant.parse(line.path("finishedAt").asString()), code.equals("in_doubt"), requests);
        }
      }
      case "CANCELLED" -> {
        if (submission != null && !submission.cancelAsked()) {
          fault(line, "but nobody cancelled it");
        }
      }
      default -> fault(line, "was not asked for");
    }
  }

  private void repeats(
      JsonNode line, List<Sighting> requests, Story.Reported.@Nullable Line earlier) {
    if (atMostOnce && requests.size() > 1) {
      fault(line, "was sent " + requests.size() + " times, and must not be");
    }
    int recorded = line.path("attempts").asInt();
    Map<Integer, List<Sighting>> byAttempt = new HashMap<>();
    for (Sighting request : requests) {
      byAttempt.computeIfAbsent(request.attempt(), _ -> new ArrayList<>(1)).add(request);
      if (submission != null
          && request.whole()
          && request.crc() != submission.crc(line.path("index").asInt())) {
        fault(line, "was sent with another body");
      }
      if (earlier != null && costs.isTooLate(request, earlier.at())) {
        fault(line, "was sent in run " + request.run() + " after its outcome was reported");
      }
    }
    byAttempt.forEach((attempt, same) -> repeats(line, same, attempt <= recorded));
  }

  /** The last of equal attempts is the one on record; those before it were lost with their runs. */
  private void repeats(JsonNode line, List<Sighting> same, boolean recorded) {
    List<Sighting> inOrder = new ArrayList<>(same);
    // Of one that stood still it may have come late: the one on record is somebody else's.
    inOrder.sort(Comparator.comparing(request -> !costs.mayCost(request.run())));
    int lost = recorded ? same.size() - 1 : same.size();
    for (int i = 0; i < lost; i++) {
      costs.duplicate(inOrder.get(i).run());
    }
    if (same.stream().map(Sighting::run).distinct().count() < same.size()) {
      fault(line, "had one attempt sent twice by one process");
    }
  }

  /** Compares the counts, after the last line. */
  void end() {
    int missing = total - seen.cardinality();
    if (missing > 0) {
      findings.lost(missing, missing + " of " + total + " items of " + id + " have no outcome");
    }
    JsonNode counts = batch.path("counts");
    COUNTED.forEach(
        (state, name) -> {
          int lines = states.getOrDefault(state, 0);
          if (counts.path(name).asInt(-1) != lines) {
            story.fault(lines + " " + state + " lines, and the counts say " + batch);
          }
        });
    if (counts.path("pending").asInt(-1) != 0 || counts.path("inFlight").asInt(-1) != 0) {
      story.fault("Ended, and not all is over: " + batch);
    }
    for (Integer index : sightings.items(id)) {
      if (index >= total) {
        story.fault("Item " + index + " of " + id + " was sent, which does not exist");
      }
    }
  }

  private void fault(JsonNode line, String text) {
    story.fault(id + ": " + line + " " + text + "; seen: " + requests(line));
  }

  private String requests(JsonNode line) {
    return sightings.of(id, line.path("index").asInt()).stream()
        .map(
            request ->
                "run %d attempt %d %s reply %d"
                    .formatted(
                        request.run(),
                        request.attempt(),
                        request.whole() ? "whole" : "cut",
                        request.reply()))
        .toList()
        .toString();
  }
}
