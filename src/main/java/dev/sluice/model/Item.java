package dev.sluice.model;

import org.jspecify.annotations.Nullable;

/**
 * One HTTP request of a batch.
 *
 * @param index 0-based submission order within the batch
 * @param id the client's label, not necessarily unique
 * @param request what to send
 * @param orderingKey items with the same key keep their order
 * @param credential name of the outbound credential
 * @param origin set on redriven items
 */
public record Item(
    long index,
    @Nullable String id,
    OutboundRequest request,
    @Nullable String orderingKey,
    @Nullable String credential,
    @Nullable Origin origin) {

  /** The largest index a batch may reach: 10 million items. */
  public static final long MAX_COUNT = 10_000_000;
}
