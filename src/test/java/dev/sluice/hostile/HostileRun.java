package dev.sluice.hostile;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.model.Delivery;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Lets a running Sluice loose on faults, each with a destination of its own, and gives what became
 * of every item.
 */
public final class HostileRun {

  /** Tries of an item. */
  public static final int TRIES = 2;

  /** Both delivery modes. */
  public static final Set<Delivery> MODES = EnumSet.allOf(Delivery.class);

  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final SluiceClient client;
  private final int items;
  private final Duration timeout;

  /**
   * @param items of each fault in each mode
   * @param timeout deadline of an attempt
   */
  public HostileRun(SluiceClient client, int items, Duration timeout) {
    this.client = client;
    this.items = items;
    this.timeout = timeout;
  }

  /**
   * Meets faults at the same time, in each of the modes, and waits until every item is terminal.
   */
  public List<FaultResult> meet(List<Fault> faults, Set<Delivery> modes) throws IOException {
    List<Meeting> meetings = new ArrayList<>();
    try {
      for (Fault fault : faults) {
        for (Delivery mode : modes) {
          meetings.add(begin(fault, mode));
        }
      }
      List<FaultResult> results = new ArrayList<>();
      for (Meeting meeting : meetings) {
        results.add(end(meeting));
      }
      return results;
    } finally {
      for (Meeting meeting : meetings) {
        meeting.destination.close();
      }
    }
  }

  private record Meeting(
      Fault fault, Delivery mode, HostileDestination destination, String batchId) {}

  private Meeting begin(Fault fault, Delivery mode) throws IOException {
    HostileDestination destination = HostileDestination.start();
    String url = destination.url(fault);
    String body = "x".repeat(fault.requestBytes());
    String options =
        "delivery=%s&timeout=%dms&retry.maxAttempts=%d&retry.minBackoff=10ms&retry.maxBackoff=20ms&capture.on=always"
            .formatted(mode.name().toLowerCase(Locale.ROOT), timeout.toMillis(), TRIES);
    String id =
        client.submit(
            items,
            options,
            index -> "{\"url\":\"%s?n=%d\",\"text\":\"%s\"}".formatted(url, index, body));
    return new Meeting(fault, mode, destination, id);
  }

  private FaultResult end(Meeting meeting) {
    if (meeting.fault.expectation().isHeld()) {
      cancelOnceHeld(meeting);
    }
    JsonNode batch = client.awaitFinished(meeting.batchId, LIMIT);
    FaultResult result =
        new FaultResult(meeting.fault, meeting.mode, items, timeout, meeting.destination.oracle());
    client.results(meeting.batchId, "", line -> result.add(meeting.batchId, line));
    result.agreeWith(batch);
    return result;
  }

  private void cancelOnceHeld(Meeting meeting) {
    client.awaitBatch(
        meeting.batchId, LIMIT, batch -> isHeld(batch) || SluiceClient.isFinished(batch));
    client.post("/v1/batches/" + meeting.batchId + "/cancel");
  }

  /** Something was tried, something is left, and nothing goes on. */
  private static boolean isHeld(JsonNode batch) {
    JsonNode counts = batch.path("counts");
    return batch.path("attempts").asLong() > 0
        && counts.path("inFlight").asLong() == 0
        && counts.path("pending").asLong() > 0;
  }
}
