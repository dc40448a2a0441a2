package dev.sluice.demo;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A batch as the API shows it.
 *
 * @param outcomes items per outcome, under the API's names
 * @param waitingOn first reason why items wait; empty when nothing holds them
 * @param elapsed from acceptance to the last outcome; null while it runs
 */
record BatchView(
    String id,
    String state,
    long total,
    long pending,
    long inFlight,
    Map<String, Long> outcomes,
    long attempts,
    double ratePerSecond,
    String waitingOn,
    @Nullable Duration elapsed) {

  private static final String[] OUTCOMES = {
    "succeeded", "failed", "expired", "cancelled", "rejected", "inDoubt"
  };

  static BatchView of(JsonNode batch) {
    JsonNode counts = batch.path("counts");
    Map<String, Long> outcomes = new LinkedHashMap<>();
    for (String outcome : OUTCOMES) {
      outcomes.put(outcome, counts.path(outcome).asLong(0));
    }
    return new BatchView(
        batch.path("id").asString(""),
        batch.path("state").asString(""),
        counts.path("total").asLong(-1),
        counts.path("pending").asLong(-1),
        counts.path("inFlight").asLong(-1),
        outcomes,
        batch.path("attempts").asLong(0),
        batch.path("ratePerSecond").asDouble(0),
        batch.path("waitingOn").path(0).path("reason").asString(""),
        elapsed(batch));
  }

  private static @Nullable Duration elapsed(JsonNode batch) {
    String from = batch.path("sealedAt").asString("");
    String to = batch.path("finishedAt").asString("");
    if (from.isEmpty() || to.isEmpty()) {
      return null;
    }
    try {
      return Duration.between(Instant.parse(from), Instant.parse(to));
    } catch (DateTimeParseException _) {
      return null;
    }
  }

  long settled() {
    return outcomes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Tells whether nothing will change any more. */
  boolean finished() {
    return switch (state) {
      case "COMPLETED", "CANCELLED", "EXPIRED" -> true;
      default -> false;
    };
  }
}
