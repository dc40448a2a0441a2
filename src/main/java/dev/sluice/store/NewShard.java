package dev.sluice.store;

import dev.sluice.model.Destination;

/**
 * Items of one destination, encoded.
 *
 * @param destination where they go
 * @param firstIndex smallest item index
 * @param lastIndex largest item index; the span is at most 65,536
 * @param itemCount 1 to 500
 * @param payload what {@link ShardEncoder} wrote
 * @param idFilter what {@link IdFilter} wrote; empty when no item has an id
 */
public record NewShard(
    Destination destination,
    long firstIndex,
    long lastIndex,
    int itemCount,
    byte[] payload,
    byte[] idFilter) {

  /** Most items of a shard. */
  public static final int MAX_ITEMS = 500;

  /** Most payload bytes of a shard, unless a single item is larger. */
  public static final int MAX_BYTES = 4 << 20;

  /** Largest difference between the last and the first index, plus one. */
  public static final int MAX_SPAN = 65_536;
}
