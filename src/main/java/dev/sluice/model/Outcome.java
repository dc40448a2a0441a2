package dev.sluice.model;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How an item ended.
 *
 * @param index the item
 * @param clientId the item's label, copied in
 * @param state the terminal state
 * @param statusCode status of the last reply; 0 when none
 * @param attemptCount attempts made, tries that never reached the wire included
 * @param latencyMillis duration of the last attempt; 0 when there was none
 * @param finishedAt when it ended
 * @param error why it did not succeed
 * @param response what was kept of the last reply
 */
public record Outcome(
    long index,
    @Nullable String clientId,
    OutcomeState state,
    int statusCode,
    int attemptCount,
    long latencyMillis,
    Instant finishedAt,
    @Nullable ItemError error,
    @Nullable CapturedResponse response) {}
