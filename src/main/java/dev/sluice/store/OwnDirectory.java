package dev.sluice.store;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The directory beside the store's file, which this process alone uses.
 *
 * @param path absolute; null when the store is shared with other replicas
 */
public record OwnDirectory(@Nullable Path path) {}
