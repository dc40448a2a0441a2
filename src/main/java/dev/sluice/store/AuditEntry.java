package dev.sluice.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something that somebody did, or tried to.
 *
 * @param at when it ended
 * @param caller the client, as its credential tells; {@code unknown} for whom nobody knows
 * @param tenant of the caller; empty when unknown
 * @param action method and path template, such as {@code POST /v1/batches/{id}/cancel}
 * @param object what it was done to, such as the id of a batch
 * @param status HTTP status of the answer
 * @param requestId told to the client in {@code X-Request-Id}
 * @param source address that it came from
 */
public record AuditEntry(
    Instant at,
    String caller,
    String tenant,
    String action,
    @Nullable String object,
    int status,
    String requestId,
    String source) {}
