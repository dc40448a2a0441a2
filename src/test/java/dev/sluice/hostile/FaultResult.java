package dev.sluice.hostile;

import dev.sluice.model.Delivery;
import dev.sluice.model.OutcomeState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** What became of the items that met one fault in one mode, and what is wrong with that. */
public final class FaultResult {

  private static final int MOST_COMPLAINTS = 5;

  private final Fault fault;
  private final Delivery mode;
  private final int items;
  private final Duration timeout;
  private final Oracle oracle;
  private final BitSet indexes = new BitSet();
  private final long[] latencyMillis;
  private final Map<String, Integer> outcomes = new TreeMap<>();
  private final Map<String, Integer> errors = new TreeMap<>();
  private int complaintCount;
  private final List<String> complaints = new ArrayList<>();

  FaultResult(Fault fault, Delivery mode, int items, Duration timeout, Oracle oracle) {
    this.fault = fault;
    this.mode = mode;
    this.items = items;
    this.timeout = timeout;
    this.oracle = oracle;
    this.latencyMillis = new long[items];
  }

  void add(String batchId, JsonNode line) {
    int index = line.path("index").asInt(-1);
    if (index < 0 || index >= items || indexes.get(index)) {
      complain("a second result, or one of no item: " + line);
      return;
    }
    indexes.set(index);
    OutcomeState state = OutcomeState.valueOf(line.path("state").asString());
    String error = line.path("error").path("code").asString("");
    latencyMillis[index] = line.path("latencyMs").asLong();
    outcomes.merge(state.name(), 1, Integer::sum);
    if (!error.isEmpty()) {
      errors.merge(error, 1, Integer::sum);
    }
    check(batchId + '-' + index, state, error, line);
  }

  private void check(String key, OutcomeState state, String error, JsonNode line) {
    Expectation expected = fault.expectation();
    if (!expected.outcomes(mode).contains(state)) {
      complain("expected " + expected.outcomes(mode) + ": " + line);
    }
    if (fault.endsByDeadline() && latencyMillis[line.path("index").asInt()] < timeout.toMillis()) {
      complain("ended before its deadline: " + line);
    }
    boolean failed = state == OutcomeState.FAILED || state == OutcomeState.IN_DOUBT;
    if (failed && !expected.errorCodes().contains(error)) {
      complain("expected " + expected.errorCodes() + ": " + line);
    }
    int attempts = line.path("attempts").asInt();
    int received = oracle.receivedCount(key);
    if (received > attempts) {
      complain("received " + received + " times: " + line);
    }
    if (state == OutcomeState.SUCCEEDED && oracle.answeredWellCount(key) == 0) {
      complain("a success without a 2xx: " + line);
    }
    if (state == OutcomeState.FAILED && isWithoutReply(error) && received > 0) {
      complain("not sent, but received: " + line);
    }
    if (mode == Delivery.AT_MOST_ONCE && received > 1) {
      complain("sent again: " + line);
    }
    String answered = line.path("response").path("headers").path("X-Key").asString("");
    if (!answered.isEmpty() && !answered.equals(key)) {
      complain("got the reply of " + answered + ": " + line);
    }
  }

  /** Tells whether no try of an item can have had a reply. */
  private boolean isWithoutReply(String error) {
    return !error.equals(Expectation.HTTP_STATUS)
        && !fault.expectation().errorCodes().contains(Expectation.HTTP_STATUS);
  }

  void agreeWith(JsonNode batch) {
    if (indexes.cardinality() != items) {
      complain("%d of %d items have a result".formatted(indexes.cardinality(), items));
    }
    JsonNode counts = batch.path("counts");
    if (counts.path("pending").asLong(-1) != 0 || counts.path("inFlight").asLong(-1) != 0) {
      complain("not all terminal: " + counts);
    }
  }

  private void complain(String complaint) {
    complaintCount++;
    if (complaints.size() < MOST_COMPLAINTS) {
      complaints.add(fault.name() + " " + mode + ": " + complaint);
    }
  }

  public Fault fault() {
    return fault;
  }

  public Delivery mode() {
    return mode;
  }

  /** Gives what is wrong, a few samples at most; nothing when all is well. */
  public List<String> complaints() {
    return complaints;
  }

  public int complaintCount() {
    return complaintCount;
  }

  /** Gives the outcomes and error codes in words. */
  public String verdict() {
    return String.join(" ", outcomes.keySet())
        + errors.keySet().stream()
            .collect(
                Collectors.joining(" ", errors.isEmpty() ? "" : " (", errors.isEmpty() ? "" : ")"));
  }

  @Override
  public String toString() {
    return "%-28s %-14s %-46s +%d ms".formatted(fault.name(), mode, verdict(), overshootMillis());
  }

  /** Gives how much the last attempts of items overran their deadline, 99 of 100 no more. */
  public long overshootMillis() {
    long[] sorted = latencyMillis.clone();
    Arrays.sort(sorted);
    int rank = Math.max(0, (int) Math.ceil(items * 0.99) - 1);
    return Math.max(0, sorted[rank] - timeout.toMillis());
  }
}
