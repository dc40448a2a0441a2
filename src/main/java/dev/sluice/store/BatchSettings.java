package dev.sluice.store;

import dev.sluice.model.BatchOptions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What of a batch can be changed after its submission.
 *
 * @param options of them {@code concurrency}, {@code rate}, {@code deadline}, {@code weight} and
 *     {@code haltOn}; the others stay as they are
 */
public record BatchSettings(
    @Nullable String name, Map<String, String> metadata, BatchOptions options) {

  public BatchSettings {
    metadata = Map.copyOf(metadata);
  }
}
