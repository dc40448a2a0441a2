package dev.sluice.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a lane was doing.
 *
 * @param destinationId its destination
 * @param inFlight attempts on the wire
 * @param backlogCount items in memory that are not on the wire
 * @param concurrencyLimit most attempts in flight now
 * @param breaker {@code closed}, {@code open}, {@code half_open} or {@code forced_open}
 * @param holdUntil until when {@code Retry-After} holds it
 * @param ratePerSecond attempts ended in the last second
 * @param successRatio1m share of attempts that succeeded in the last minute; null when there were
 *     none
 */
public record LaneSnapshot(
    long destinationId,
    int inFlight,
    int backlogCount,
    int concurrencyLimit,
    String breaker,
    @Nullable Instant holdUntil,
    double ratePerSecond,
    @Nullable Double successRatio1m) {}
