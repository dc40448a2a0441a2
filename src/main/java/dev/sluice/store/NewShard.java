package dev.sluice.store;

import dev.sluice.model.Destination;
import java.util.List;

/**
 * Items of one destination, encoded.
 *
 * @param destination where they go
 * @param firstIndex smallest item index
 * @param lastIndex largest item index; the span is at most 65,536
 * @param itemCount 1 to 500
 * @param byteCount of the payload before compression; what limits, quotas and claims reckon with
 * @param payload what {@link ShardEncoder} wrote
 * @param idFilter what {@link IdFilter} wrote; empty when no item has an id
 */
public record NewShard(
    Destination destination,
    long firstIndex,
    long lastIndex,
    int itemCount,
    int byteCount,
    byte[] payload,
    byte[] idFilter) {

  /**
   * Finishes what {@code encoder} holds, which is spent then.
   *
   * @param ids the clients' labels of its items, those that have one
   */
  public static NewShard of(Destination destination, ShardEncoder encoder, List<String> ids) {
    return new NewShard(
        destination,
        encoder.firstIndex(),
        encoder.lastIndex(),
        encoder.itemCount(),
        encoder.byteCount(),
        encoder.finish(),
        IdFilter.of(ids));
  }

  /** Most items of a shard. */
  public static final int MAX_ITEMS = 500;

  /** Most payload bytes of a shard before compression, unless a single item is larger. */
  public static final int MAX_BYTES = 4 << 20;

  /** Largest difference between the last and the first index, plus one. */
  public static final int MAX_SPAN = 65_536;
}
