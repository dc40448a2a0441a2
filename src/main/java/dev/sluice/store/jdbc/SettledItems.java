package dev.sluice.store.jdbc;

import dev.sluice.model.Outcome;
import dev.sluice.store.ShardQueue.Lease;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which items of the shards that this process settles have outcomes, on PostgreSQL, where no key
 * says so. What is remembered counts only as long as there are as many of them as the locked row of
 * the shard says: a lost reply, a transaction that was rolled back and whatever else came between
 * has it read anew. Any thread.
 */
final class SettledItems {

  /** Leases remembered; those forgotten cost a read when they are settled next. */
  private static final int MOST = 16_384;

  private final Map<Lease, BitSet> byLease = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Gives those outcomes whose items have none, and remembers them once they are committed.
   *
   * @param firstIndex smallest index of the shard, whose row is locked
   * @param settledCount items with outcomes, as that row says
   */
  List<Outcome> fresh(
      Session session, Lease lease, long firstIndex, int settledCount, List<Outcome> outcomes)
      throws SQLException {
    BitSet settled = take(lease);
    if (settled.cardinality() != settledCount) {
      settled = ShardContents.settled(session, lease.batchId(), lease.shardId(), firstIndex);
      if (settled.cardinality() != settledCount) {
        throw new IllegalStateException(
            "Shard %d counts %d outcomes and has %d, indicates a bug"
                .formatted(lease.shardId(), settledCount, settled.cardinality()));
      }
    }
    List<Outcome> fresh = new ArrayList<>(outcomes.size());
    for (Outcome outcome : outcomes) {
      int offset = (int) (outcome.index() - firstIndex);
      if (!settled.get(offset)) {
        settled.set(offset);
        fresh.add(outcome);
      }
    }
    BitSet now = settled;
    session.afterCommit(() -> remember(lease, now));
    return fresh;
  }

  /** Nothing is remembered while nobody knows whether a transaction took effect. */
  private synchronized BitSet take(Lease lease) {
    BitSet settled = byLease.remove(lease);
    return settled == null ? new BitSet() : settled;
  }

  private synchronized void remember(Lease lease, BitSet settled) {
    byLease.put(lease, settled);
    if (byLease.size() > MOST) {
      byLease.remove(byLease.keySet().iterator().next());
    }
  }

  /** The shard is done, given back or another's. */
  synchronized void forget(Lease lease) {
    byLease.remove(lease);
  }
}
