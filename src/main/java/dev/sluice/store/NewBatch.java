package dev.sluice.store;

import dev.sluice.model.BatchOptions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A batch about to be created.
 *
 * @param tenant owner
 * @param name for people
 * @param metadata the client's own labels
 * @param options what the client asked for
 * @param template JSON object merged under each item, kept for later chunks, or that sealed; null
 *     when none
 * @param open true when chunks will follow; false for a one-shot submission, invisible until sealed
 * @param idempotencyKey the submission's key
 * @param fingerprint SHA-256 of an open batch's decoded creation request; null for one-shot (known
 *     at its end)
 * @param parentId internal id of the batch this one redrives
 */
public record NewBatch(
    String tenant,
    @Nullable String name,
    Map<String, String> metadata,
    BatchOptions options,
    @Nullable String template,
    boolean open,
    @Nullable String idempotencyKey,
    byte @Nullable [] fingerprint,
    @Nullable Long parentId) {

  public NewBatch {
    metadata = Map.copyOf(metadata);
  }
}
