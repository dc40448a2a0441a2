package dev.sluice.store.jdbc;

import dev.sluice.model.Delivery;
import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.History;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.Progress;
import dev.sluice.store.StoreException;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of items that a dead process may have been sending. Where nothing may go twice they
 * are in doubt. Elsewhere their shard ran alone, and one end of a process counts against them: the
 * second, with nothing else in flight, makes them poison. Everything else of their shards is sent.
 */
final class UnresolvedIntents {

  private static final String HAS_INTENTS =
      """
      SELECT 1 FROM intent WHERE shard_id = ? LIMIT 1
      """;

  private static final String ADVANCE =
      """
      UPDATE shard SET settled_count = settled_count + ?, touched = 1,
        crashes = CASE WHEN crashes > ? THEN crashes ELSE ? END
      WHERE id = ? AND state = 0
      """;

  private static final String END =
      """
      UPDATE shard SET state = 3 WHERE id = ? AND state = 0 AND settled_count >= item_count
      """;

  /** Its intents stay: what is in doubt there must not be sent. */
  private static final String PUT_ASIDE =
      """
      UPDATE shard SET state = 2, lease_owner = ? WHERE id = ? AND state = 0
      """;

  private static final Logger log = LoggerFactory.getLogger(UnresolvedIntents.class);

  private static final ItemError POISON =
      new ItemError(
          "poison", "The process ended twice while this item was being sent and nothing else was.");

  private final Session session;
  private final Terms terms;
  private final SafetyGates gates;
  private final Instant now;
  private final boolean putAside;
  private int inDoubt;
  private int poison;

  /**
   * @param putAside whether a shard that cannot be read holds up only itself
   */
  UnresolvedIntents(
      Session session, Terms terms, SafetyGates gates, Instant now, boolean putAside) {
    this.session = session;
    this.terms = terms;
    this.gates = gates;
    this.now = now;
    this.putAside = putAside;
  }

  /**
   * Judges those of some shards.
   *
   * @param released shards that are ready again already, and counted in their flows
   */
  void resolve(List<Lease> released) throws SQLException {
    Map<Long, List<Lease>> batches = new TreeMap<>();
    for (Lease shard : released) {
      if (session.exists(HAS_INTENTS, shard.shardId())) {
        batches.computeIfAbsent(shard.batchId(), _ -> new ArrayList<>()).add(shard);
      }
    }
    for (Map.Entry<Long, List<Lease>> batch : batches.entrySet()) {
      Counters counters = Counters.of(session, batch.getKey());
      for (Lease shard : batch.getValue()) {
        resolve(shard, counters);
      }
      counters.store(session);
      Finishing.finish(session, batch.getKey(), now.toEpochMilli());
      // These may have been the last of a canary, and no settle follows that would look.
      var _ = gates.judge(session, batch.getKey(), 0, now.toEpochMilli());
    }
    if (poison > 0) {
      Suspects.explainCrashes(session);
    }
  }

  int inDoubtCount() {
    return inDoubt;
  }

  int poisonCount() {
    return poison;
  }

  private void resolve(Lease shard, Counters counters) throws SQLException {
    ShardDecoder items;
    try {
      items = ShardContents.items(session, shard.shardId());
    } catch (StoreException e) {
      if (!putAside || e.kind() != StoreException.Kind.CORRUPT) {
        throw e;
      }
      log.atError()
          .addKeyValue("shard", shard.shardId())
          .addKeyValue("batch", shard.batchId())
          .setCause(e)
          .log(
              "A shard of a replica that is gone cannot be read and is put aside until a replica starts; restore the database from a backup.");
      session.update(PUT_ASIDE, Owner.NOBODY, shard.shardId());
      ShardClosing.takeFromFlow(session, shard.batchId(), shard.destinationId());
      return;
    }
    Progress progress = ShardContents.progress(session, shard.batchId(), shard.shardId(), items);
    boolean once = terms.of(session, shard.batchId()).options().delivery() == Delivery.AT_MOST_ONCE;
    List<Outcome> outcomes = new ArrayList<>();
    boolean suspicious = false;
    for (int ordinal :
        Intents.unresolved(session, shard.batchId(), shard.shardId(), items, progress)) {
      long index = items.index(ordinal);
      History history = progress.histories().get(index);
      int tries = history == null ? 0 : history.attempts();
      if (once) {
        outcomes.add(ClosedAs.outcome(index, items.id(ordinal), OutcomeState.IN_DOUBT, tries, now));
      } else if (Suspects.blame(session, shard.shardId(), index) < Suspects.POISON_FROM) {
        suspicious = true;
      } else {
        Suspects.clear(session, shard.shardId(), index);
        outcomes.add(poison(index, items.id(ordinal), tries + 1));
      }
    }
    Intents.voidAll(session, shard.shardId());
    settle(shard, outcomes, suspicious, counters);
  }

  private Outcome poison(long index, @Nullable String clientId, int tries) {
    return new Outcome(index, clientId, OutcomeState.FAILED, 0, tries, 0, now, POISON, null);
  }

  private void settle(Lease shard, List<Outcome> outcomes, boolean suspicious, Counters counters)
      throws SQLException {
    if (outcomes.isEmpty() && !suspicious) {
      return;
    }
    OutcomeRows rows = new OutcomeRows(session);
    int[] byState = rows.insert(shard, outcomes, counters);
    rows.finish();
    int inserted = 0;
    for (int count : byState) {
      inserted += count;
    }
    inDoubt += byState[StoredNumbers.of(OutcomeState.IN_DOUBT)];
    poison += byState[StoredNumbers.of(OutcomeState.FAILED)];
    int atLeast = suspicious ? ShardQueue.ISOLATED_FROM : 0;
    if (session.update(ADVANCE, inserted, atLeast, atLeast, shard.shardId()) != 1) {
      throw new IllegalStateException("A released shard did not advance, indicates a bug");
    }
    if (session.update(END, shard.shardId()) == 1) {
      Suspects.clearAll(session, shard.shardId());
      ShardClosing.takeFromFlow(session, shard.batchId(), shard.destinationId());
    }
  }
}
