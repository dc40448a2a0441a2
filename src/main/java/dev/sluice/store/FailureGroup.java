package dev.sluice.store;

import dev.sluice.model.OutcomeState;
import org.jspecify.annotations.Nullable;

/**
 * Items that did not succeed for the same reason.
 *
 * @param destination destination key
 * @param sampleIndex one of them
 * @param sampleMessage what it said
 */
public record FailureGroup(
    OutcomeState state,
    int statusCode,
    @Nullable String errorCode,
    String destination,
    long count,
    long sampleIndex,
    @Nullable String sampleMessage) {}
