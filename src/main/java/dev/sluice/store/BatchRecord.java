package dev.sluice.store;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.model.Counts;
import dev.sluice.model.StateReason;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A batch as stored.
 *
 * @param template JSON object merged under each item
 * @param attempts attempts made, committed ones
 * @param parentId public id of the batch this one redrives
 * @param payloadsDropped whether retention removed the inputs
 * @param heldFrom items from this index on wait for the canary; null when none does
 */
public record BatchRecord(
    BatchRef ref,
    String tenant,
    @Nullable String name,
    Map<String, String> metadata,
    BatchOptions options,
    @Nullable String template,
    BatchState state,
    @Nullable StateReason reason,
    Counts counts,
    long attempts,
    Times times,
    @Nullable String parentId,
    boolean payloadsDropped,
    @Nullable Long heldFrom) {

  /** When each state was entered. */
  public record Times(
      Instant createdAt,
      @Nullable Instant sealedAt,
      @Nullable Instant startedAt,
      @Nullable Instant pausedAt,
      @Nullable Instant cancelledAt,
      @Nullable Instant finishedAt,
      @Nullable Instant lastOutcomeAt) {}
}
