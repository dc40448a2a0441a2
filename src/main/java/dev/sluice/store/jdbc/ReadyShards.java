package dev.sluice.store.jdbc;

import java.sql.SQLException;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

/**
 * Shards that became claimable in one transaction, by flow: each flow is changed once, and all in
 * the same order, by destination as claims go, so that transactions do not wait for each other.
 */
final class ReadyShards {

  private record FlowKey(long destinationId, long batchId) {}

  private final Map<FlowKey, Integer> counts =
      new TreeMap<>(
          Comparator.comparingLong(FlowKey::destinationId).thenComparingLong(FlowKey::batchId));

  void add(long batchId, long destinationId) {
    counts.merge(new FlowKey(destinationId, batchId), 1, Integer::sum);
  }

  /** Counts them in their flows. */
  void tell(Session session, Flows flows) throws SQLException {
    for (Map.Entry<FlowKey, Integer> flow : counts.entrySet()) {
      flows.shardsBecameReady(
          session, flow.getKey().batchId, flow.getKey().destinationId, flow.getValue());
    }
  }
}
