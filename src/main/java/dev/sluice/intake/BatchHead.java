package dev.sluice.intake;

import dev.sluice.api.BatchLabels;
import dev.sluice.model.BatchOptions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a submission says beside its items.
 *
 * @param templateJson the template as it was sent, kept for later chunks
 * @param open whether chunks will follow
 */
record BatchHead(
    BatchLabels labels,
    BatchOptions options,
    Template template,
    @Nullable String templateJson,
    boolean open) {

  @Nullable String name() {
    return labels.name();
  }

  Map<String, String> metadata() {
    return labels.metadata();
  }
}
