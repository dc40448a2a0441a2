package dev.sluice.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a flow (batch × destination) was doing in a lane.
 *
 * @param inFlight attempts on the wire
 * @param waitingOn what holds its items: {@code rate}, {@code concurrency}, {@code breaker}, {@code
 *     hold}, {@code retry}, {@code canary}, {@code paused}; null when nothing does
 * @param waitingCount items in memory that wait
 * @param until when the wait may end
 * @param ratePerSecond items ended in the last second
 */
public record FlowSnapshot(
    long batchId,
    long destinationId,
    int inFlight,
    @Nullable String waitingOn,
    int waitingCount,
    @Nullable Instant until,
    double ratePerSecond) {}
