package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.SluiceClient;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** All result lines of a batch, checked to be one per item and kept small: a million are fine. */
final class Results {

  private final BitSet indexes = new BitSet();
  private final Map<String, Long> states = new TreeMap<>();
  private final byte[] attempts;
  private long attemptCount;
  private long lastSeq;

  private Results(int total) {
    attempts = new byte[total];
  }

  /** Fetches everything and fails when an item has no line, two lines or an unknown index. */
  static Results of(SluiceClient client, String batchId, int total) {
    Results results = new Results(total);
    client.results(batchId, "", results::add);
    assertThat(results.indexes.cardinality()).as("items with a result").isEqualTo(total);
    return results;
  }

  private void add(JsonNode line) {
    int index = line.path("index").asInt(-1);
    assertThat(index).as("index of %s", line).isBetween(0, attempts.length - 1);
    assertThat(indexes.get(index)).as("a second result of item %d", index).isFalse();
    indexes.set(index);
    long seq = line.path("seq").asLong(-1);
    assertThat(seq).as("commit order at item %d", index).isGreaterThan(lastSeq);
    lastSeq = seq;
    states.merge(line.path("state").asString(), 1L, Long::sum);
    int count = line.path("attempts").asInt();
    attempts[index] = (byte) count;
    attemptCount += count;
  }

  long count(String state) {
    return states.getOrDefault(state, 0L);
  }

  Map<String, Long> states() {
    return states;
  }

  int attempts(int index) {
    return attempts[index];
  }

  long attemptCount() {
    return attemptCount;
  }

  /** Checks that a finished batch shows exactly what its results say. */
  void agreeWith(JsonNode batch) {
    JsonNode counts = batch.path("counts");
    assertThat(counts.path("total").asLong()).isEqualTo(attempts.length);
    assertThat(counts.path("pending").asLong(-1)).isZero();
    assertThat(counts.path("inFlight").asLong(-1)).isZero();
    assertThat(counts.path("succeeded").asLong()).isEqualTo(count("SUCCEEDED"));
    assertThat(counts.path("failed").asLong()).isEqualTo(count("FAILED"));
    assertThat(counts.path("expired").asLong()).isEqualTo(count("EXPIRED"));
    assertThat(counts.path("cancelled").asLong()).isEqualTo(count("CANCELLED"));
    assertThat(counts.path("rejected").asLong()).isEqualTo(count("REJECTED"));
    assertThat(counts.path("inDoubt").asLong()).isEqualTo(count("IN_DOUBT"));
    assertThat(batch.path("attempts").asLong()).isEqualTo(attemptCount);
  }
}
