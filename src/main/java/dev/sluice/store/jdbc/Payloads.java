package dev.sluice.store.jdbc;

import dev.sluice.model.Destination;
import dev.sluice.store.ShardDecoder;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Decoded shards of one call, the last used of them, within a bound of bytes. */
final class Payloads {

  private static final long MAX_BYTES = 16L << 20;

  private static final String DESTINATION =
      """
      SELECT scheme, host, port FROM destination
      WHERE id = (SELECT destination_id FROM shard WHERE id = ?)
      """;

  private record Decoded(@Nullable ShardDecoder items, int byteCount) {}

  private final Session session;
  private final LinkedHashMap<Long, Decoded> decoded = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Long, Destination> destinations = new HashMap<>();
  private long byteCount;

  Payloads(Session session) {
    this.session = session;
  }

  /** Gives the items of a shard; null when retention removed them. */
  @Nullable ShardDecoder items(long shardId) throws SQLException {
    Decoded known = decoded.get(shardId);
    if (known != null) {
      return known.items;
    }
    byte[] payload = ShardContents.payload(session, shardId);
    ShardDecoder items = payload == null ? null : ShardDecoder.open(payload);
    Decoded read = new Decoded(items, items == null ? 0 : items.byteCount());
    decoded.put(shardId, read);
    byteCount += read.byteCount;
    Iterator<Decoded> eldest = decoded.values().iterator();
    while (byteCount > MAX_BYTES && decoded.size() > 1) {
      byteCount -= eldest.next().byteCount;
      eldest.remove();
    }
    return read.items;
  }

  /** Gives where the items of a shard go. */
  Destination destination(long shardId) throws SQLException {
    Destination known = destinations.get(shardId);
    if (known != null) {
      return known;
    }
    Destination read = session.first(DESTINATION, row -> Destinations.destination(row, 1), shardId);
    if (read == null) {
      throw new IllegalStateException("Shard " + shardId + " has no destination, indicates a bug");
    }
    destinations.put(shardId, read);
    return read;
  }
}
