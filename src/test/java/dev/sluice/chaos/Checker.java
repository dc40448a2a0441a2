package dev.sluice.chaos;

import dev.sluice.fixture.SluiceClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;

/**
 * Compares what clients were told, what the oracle saw and what the API says in the end. Every
 * difference is a fault; what a crash may cost is counted per crash.
 */
final class Checker {

  private final Story story;
  private final SluiceClient api;
  private final Findings findings;

  Checker(Story story, SluiceClient api, Findings findings) {
    this.story = story;
    this.api = api;
    this.findings = findings;
  }

  /** Waits until every sealed batch has ended; false, with a fault, when one does not. */
  boolean awaitEnd(Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      List<JsonNode> running =
          batches().values().stream()
              .filter(Checker::isSealed)
              .filter(batch -> !SluiceClient.isFinished(batch))
              .toList();
      if (running.isEmpty()) {
        return true;
      }
      if (System.nanoTime() > deadline) {
        story.fault(running.size() + " batches do not end, such as " + running.getFirst());
        for (JsonNode batch : running) {
          JsonNode counts = batch.path("counts");
          findings.lost(counts.path("pending").asLong(), "items of " + batch.path("id").asString());
        }
        return false;
      }
      LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
    }
  }

  /** Compares. */
  void check(Sightings sightings, CostOfCrashes costs) {
    Map<String, JsonNode> batches = batches();
    Map<String, Submission> submissions = submissions(batches);
    Set<String> sealed = new HashSet<>();
    batches.forEach(
        (id, batch) -> {
          if (isSealed(batch)) {
            sealed.add(id);
            BatchCheck check =
                new BatchCheck(
                    story,
                    findings,
                    sightings,
                    costs,
                    batch,
                    submissions.get(id),
                    isAtMostOnce(batch, batches, submissions));
            api.results(id, "", check::line);
            check.end();
          }
        });
    for (String id : sightings.batchIds()) {
      if (!sealed.contains(id)) {
        story.fault("Items of " + id + " were sent, which was never accepted");
      }
    }
    sightings.strange().forEach(request -> story.fault("A request without a key: " + request));
    story
        .children()
        .forEach(
            id -> {
              if (!sealed.contains(id)) {
                findings.lost(1, "the accepted redrive " + id);
              }
            });
    costs.report(findings);
  }

  /** A redrive is delivered as what it redrives. */
  private static boolean isAtMostOnce(
      JsonNode batch, Map<String, JsonNode> batches, Map<String, Submission> submissions) {
    JsonNode root = batch;
    while (!root.path("parentId").asString("").isEmpty()) {
      root = batches.get(root.path("parentId").asString());
    }
    Submission submission = submissions.get(root.path("id").asString());
    return submission != null && submission.atMostOnce();
  }

  private static boolean isSealed(JsonNode batch) {
    return !batch.path("sealedAt").isNull() && !batch.path("sealedAt").isMissingNode();
  }

  /** Gives the submission of each batch, and notes what is missing, partial or there twice. */
  private Map<String, Submission> submissions(Map<String, JsonNode> batches) {
    Map<String, List<JsonNode>> byName = new TreeMap<>();
    for (JsonNode batch : batches.values()) {
      if (isSealed(batch) && batch.path("parentId").asString("").isEmpty()) {
        byName.computeIfAbsent(batch.path("name").asString(), _ -> new ArrayList<>()).add(batch);
      }
    }
    Map<String, Submission> found = new LinkedHashMap<>();
    for (Submission submission : story.submissions()) {
      List<JsonNode> made = byName.getOrDefault(submission.name(), List.of());
      if (made.size() > 1) {
        story.fault(submission.name() + " was made a batch " + made.size() + " times");
      }
      if (submission.knowledge() == Submission.Knowledge.REFUSED && !made.isEmpty()) {
        story.fault("Refused and yet there: " + made.getFirst());
      }
      if (submission.isAccepted()) {
        findings.accepted(submission.count());
        if (made.isEmpty()) {
          findings.lost(submission.count(), "accepted as " + submission.batchId());
        }
      }
      for (JsonNode batch : made) {
        String id = batch.path("id").asString();
        found.put(id, submission);
        if (submission.isAccepted() && !id.equals(submission.batchId())) {
          story.fault(submission.batchId() + " was accepted, and " + id + " is there");
        }
        if (batch.path("counts").path("total").asInt() != submission.count()) {
          story.fault("Not the " + submission.count() + " items submitted: " + batch);
        }
      }
    }
    return found;
  }

  /** Gives state and counts of every batch, by id. */
  Map<String, String> counts() {
    Map<String, String> counts = new TreeMap<>();
    batches()
        .forEach(
            (id, batch) ->
                counts.put(id, batch.path("state").asString() + " " + batch.path("counts")));
    return counts;
  }

  private Map<String, JsonNode> batches() {
    Map<String, JsonNode> all = new LinkedHashMap<>();
    String cursor = "";
    boolean more = true;
    while (more) {
      JsonNode page = api.get("/v1/batches?limit=200" + cursor).json();
      page.path("data").values().forEach(batch -> all.put(batch.path("id").asString(), batch));
      cursor = "&cursor=" + page.path("nextCursor").asString("");
      more = page.path("hasMore").asBoolean(false);
    }
    return all;
  }
}
