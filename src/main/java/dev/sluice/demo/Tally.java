package dev.sluice.demo;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Adds up result lines and tells what disagrees with the batch and the destination. */
final class Tally {

  private static final Map<String, String> COUNT_OF_STATE =
      Map.of(
          "SUCCEEDED", "succeeded",
          "FAILED", "failed",
          "EXPIRED", "expired",
          "CANCELLED", "cancelled",
          "REJECTED", "rejected",
          "IN_DOUBT", "inDoubt");

  private final BitSet indexes = new BitSet();
  private final Map<String, Long> states = new TreeMap<>();
  private final NavigableMap<Long, Long> latencies = new TreeMap<>();
  private long lines;
  private long attempts;
  private long retries;
  private long timed;

  void add(ResultLine line) {
    lines++;
    if (line.index() >= 0) {
      indexes.set(line.index());
    }
    states.merge(line.state(), 1L, Long::sum);
    attempts += line.attempts();
    retries += Math.max(0, line.attempts() - 1);
    if (line.latencyMs() >= 0) {
      latencies.merge(line.latencyMs(), 1L, Long::sum);
      timed++;
    }
  }

  long retries() {
    return retries;
  }

  /** Gives the latency that this share of the last attempts did not exceed, in ms. */
  long percentileMs(double share) {
    long rank = (long) Math.ceil(share * timed);
    long passed = 0;
    for (Map.Entry<Long, Long> entry : latencies.entrySet()) {
      passed += entry.getValue();
      if (passed >= rank) {
        return entry.getKey();
      }
    }
    return 0;
  }

  /** Gives a sentence for everything that does not add up; empty when all does. */
  List<String> disagreements(int submitted, BatchView batch, SampleDestination.Seen seen) {
    List<String> found = new ArrayList<>();
    expect(found, "counts.total", batch.total(), "items submitted", submitted);
    expect(found, "counts.pending", batch.pending(), "a finished batch has", 0);
    expect(found, "counts.inFlight", batch.inFlight(), "a finished batch has", 0);
    expect(found, "sum of outcomes", batch.settled(), "counts.total", batch.total());
    expect(found, "result lines", lines, "items submitted", submitted);
    expect(found, "distinct indexes in results", indexes.cardinality(), "items", submitted);
    COUNT_OF_STATE.forEach(
        (state, count) ->
            expect(
                found,
                state + " result lines",
                states.getOrDefault(state, 0L),
                "counts." + count,
                batch.outcomes().getOrDefault(count, 0L)));
    expect(found, "attempts in results", attempts, "attempts of the batch", batch.attempts());
    long reached =
        batch.outcomes().getOrDefault("succeeded", 0L)
            + batch.outcomes().getOrDefault("failed", 0L);
    if (seen.items() < reached) {
      found.add(
          String.format(
              Locale.ROOT,
              "The destination saw %,d items, but %,d have its answer.",
              seen.items(),
              reached));
    }
    return found;
  }

  private static void expect(
      List<String> found, String what, long actual, String whose, long expected) {
    if (actual != expected) {
      found.add(String.format(Locale.ROOT, "%s: %,d, but %s: %,d.", what, actual, whose, expected));
    }
  }
}
