package dev.sluice.store.jdbc;

import dev.sluice.model.HaltRule;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.Halt;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.SettleReport;
import dev.sluice.store.ShardQueue.Settlement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes results back behind the fence of owner and token, and shards that were not finished. */
final class Settling {

  private static final Logger log = LoggerFactory.getLogger(Settling.class);

  private static final Sql FENCE =
      new Sql(
          """
          SELECT id, state, item_count, settled_count, lease_owner, lease_token, crashes, first_index
          FROM shard WHERE id = ?
          """,
          """
          SELECT id, state, item_count, settled_count, lease_owner, lease_token, crashes, first_index
          FROM shard WHERE id = ? FOR UPDATE
          """);

  /** Takes an array; shards are locked in the order of their ids by everybody. */
  private static final String FENCE_ALL =
      """
      SELECT id, state, item_count, settled_count, lease_owner, lease_token, crashes, first_index
      FROM shard WHERE id = ANY (?) ORDER BY id FOR UPDATE
      """;

  private static final String ADVANCE =
      """
      UPDATE shard SET settled_count = ?, touched = 1, state = ?, crashes = ?
      WHERE id = ? AND lease_owner = ? AND lease_token = ? AND state = 2
      """;

  private static final String GIVE_BACK =
      """
      UPDATE shard SET state = ?, not_before = ?, lease_owner = NULL
      WHERE id = ? AND lease_owner = ? AND lease_token = ? AND state = 2
      """;

  private final Flows flows;
  private final Terms terms;
  private final SafetyGates gates;
  private final SettledItems settledItems = new SettledItems();

  Settling(Flows flows, Terms terms, SafetyGates gates) {
    this.flows = flows;
    this.terms = terms;
    this.gates = gates;
  }

  private record Shard(
      long id,
      int state,
      int itemCount,
      int settledCount,
      @Nullable Long owner,
      long token,
      int crashes,
      long firstIndex) {}

  /** What the held shards of a settle become, written when all of its outcomes are. */
  private record Advances(List<@Nullable Object[]> shards, List<Long> done) {

    Advances() {
      this(new ArrayList<>(), new ArrayList<>());
    }

    void write(Session session) throws SQLException {
      for (int changed : session.updateEach(ADVANCE, shards)) {
        if (changed != 1) {
          throw new IllegalStateException("A held shard did not advance, indicates a bug");
        }
      }
      Intents.voidAll(session, done);
    }
  }

  SettleReport settle(Session session, List<Settlement> settlements, long now) throws SQLException {
    Map<OutcomeState, Integer> inserted = new EnumMap<>(OutcomeState.class);
    List<Lease> fenced = new ArrayList<>();
    Map<Long, Counters> batches = new LinkedHashMap<>();
    List<Long> shardsDone = new ArrayList<>();
    Map<Lease, Settlement> byLease = new HashMap<>();
    settlements.forEach(one -> byLease.merge(one.lease(), one, Settling::together));
    List<Settlement> ordered = new ArrayList<>(byLease.values());
    ordered.sort(Comparator.comparingLong(settlement -> settlement.lease().shardId()));
    Map<Long, Shard> locked = lock(session, ordered);
    OutcomeRows outcomes = new OutcomeRows(session);
    Advances advances = new Advances();
    for (Settlement settlement : ordered) {
      Lease lease = settlement.lease();
      Shard shard = held(session, lease, locked.get(lease.shardId()));
      if (shard == null) {
        fenced.add(lease);
        settledItems.forget(lease);
      } else if (shard.state == StoredNumbers.SHARD_LEASED) {
        Counters counters = batches.get(lease.batchId());
        if (counters == null) {
          counters = Counters.of(session, lease.batchId());
          batches.put(lease.batchId(), counters);
        }
        int[] byState = insert(session, settlement, shard, outcomes, counters);
        for (int state = 0; state < byState.length; state++) {
          if (byState[state] > 0) {
            inserted.merge(StoredNumbers.outcomeState(state), byState[state], Integer::sum);
          }
        }
        int settled = shard.settledCount + Arrays.stream(byState).sum();
        if (advance(session, settlement, shard, settled, advances)) {
          shardsDone.add(lease.batchId());
          session.afterCommit(() -> settledItems.forget(lease));
        }
      }
      // Held by me and done already: the reply of an earlier commit was lost, nothing is left.
    }
    outcomes.finish();
    advances.write(session);
    List<Long> drained = new ArrayList<>();
    List<Halt> halted = new ArrayList<>();
    for (Map.Entry<Long, Counters> batch : batches.entrySet()) {
      int refusedInARow = batch.getValue().store(session);
      if (shardsDone.contains(batch.getKey()) && Counters.isDrained(session, batch.getKey())) {
        drained.add(batch.getKey());
      } else {
        HaltRule rule = gates.judge(session, batch.getKey(), refusedInARow, now);
        if (rule != null) {
          halted.add(new Halt(terms.of(session, batch.getKey()).batch(), rule));
        }
      }
    }
    return new SettleReport(inserted, fenced, drained, halted);
  }

  private static Settlement together(Settlement one, Settlement other) {
    return new Settlement(
        one.lease(),
        both(one.outcomes(), other.outcomes()),
        both(one.attempts(), other.attempts()),
        both(one.outlived(), other.outlived()));
  }

  private static <T> List<T> both(List<T> one, List<T> other) {
    List<T> both = new ArrayList<>(one);
    both.addAll(other);
    return both;
  }

  /** Locks the shards that there are, in the order of their ids. */
  private static Map<Long, Shard> lock(Session session, List<Settlement> ordered)
      throws SQLException {
    List<Long> ids =
        ordered.stream().map(settlement -> settlement.lease().shardId()).distinct().toList();
    Map<Long, Shard> locked = new HashMap<>();
    switch (session.dialect()) {
      case SQLITE -> {
        for (Long id : ids) {
          session.list(FENCE, Settling::shard, id).forEach(shard -> locked.put(id, shard));
        }
      }
      case POSTGRES ->
          session
              .list(
                  FENCE_ALL,
                  Settling::shard,
                  session.connection().createArrayOf("bigint", ids.toArray()))
              .forEach(shard -> locked.put(shard.id, shard));
    }
    return locked;
  }

  /** Locks a shard and gives it when this process holds it by this lease, else null. */
  private @Nullable Shard shard(Session session, Lease lease) throws SQLException {
    return held(session, lease, session.first(FENCE, Settling::shard, lease.shardId()));
  }

  private static @Nullable Shard held(Session session, Lease lease, @Nullable Shard shard) {
    boolean held =
        shard != null
            && shard.owner != null
            && shard.owner == session.owner().id()
            && shard.token == lease.token()
            && (shard.state == StoredNumbers.SHARD_LEASED
                || shard.state == StoredNumbers.SHARD_DONE);
    return held ? shard : null;
  }

  private static Shard shard(ResultSet row) throws SQLException {
    return new Shard(
        row.getLong(1),
        row.getInt(2),
        row.getInt(3),
        row.getInt(4),
        Rows.number(row, 5),
        row.getLong(6),
        row.getInt(7),
        row.getLong(8));
  }

  /** Gives how many outcomes were new, by the number of their state. */
  private int[] insert(
      Session session, Settlement settlement, Shard shard, OutcomeRows outcomes, Counters counters)
      throws SQLException {
    Lease lease = settlement.lease();
    OutcomeRows.insertAttempts(session, lease, settlement.attempts(), counters);
    List<Outcome> fresh =
        switch (session.dialect()) {
          case SQLITE -> settlement.outcomes();
          case POSTGRES ->
              settledItems.fresh(
                  session, lease, shard.firstIndex, shard.settledCount, settlement.outcomes());
        };
    return outcomes.insert(lease, fresh, counters);
  }

  /** Gives whether the shard is done. */
  private static boolean advance(
      Session session, Settlement settlement, Shard shard, int settled, Advances advances)
      throws SQLException {
    Lease lease = settlement.lease();
    boolean done = settled >= shard.itemCount;
    int state = done ? StoredNumbers.SHARD_DONE : StoredNumbers.SHARD_LEASED;
    for (Intent intent : settlement.outlived()) {
      Intents.outlived(session, intent);
    }
    boolean noSuspects = shard.crashes == 0 || Suspects.clear(session, settlement);
    // Settled under the next holder: what ended the last one did not lie in these.
    int crashes = noSuspects && settlement.settles() ? 0 : shard.crashes;
    advances.shards.add(
        new @Nullable Object[] {
          settled, state, crashes, lease.shardId(), session.owner().id(), lease.token()
        });
    if (done) {
      advances.done.add(lease.shardId());
    }
    return done;
  }

  /** Says that items may be sent; gives the leases by which none may. */
  List<Lease> intend(Session session, List<Intent> intents, long now) throws SQLException {
    Set<Lease> fenced = new LinkedHashSet<>();
    Set<Lease> held = new HashSet<>();
    List<Intent> ordered = new ArrayList<>(intents);
    ordered.sort(Comparator.comparingLong(intent -> intent.lease().shardId()));
    for (Intent intent : ordered) {
      Lease lease = intent.lease();
      if (!held.contains(lease) && !fenced.contains(lease)) {
        Shard shard = shard(session, lease);
        boolean mine = shard != null && shard.state == StoredNumbers.SHARD_LEASED;
        (mine ? held : fenced).add(lease);
      }
      if (held.contains(lease)) {
        Intents.insert(session, intent, now);
      }
    }
    return List.copyOf(fenced);
  }

  /** Locks shards, then flows, each in order. */
  void giveBack(Session session, List<GivenBack> shards, long now) throws SQLException {
    ReadyShards ready = new ReadyShards();
    List<GivenBack> ordered = new ArrayList<>(shards);
    ordered.sort(Comparator.comparingLong(given -> given.lease().shardId()));
    for (GivenBack given : ordered) {
      Lease lease = given.lease();
      Shard shard = shard(session, lease);
      if (shard == null) {
        log.atDebug()
            .addKeyValue("shard", lease.shardId())
            .log("A shard was given back by a lease that had moved on.");
      } else if (shard.state == StoredNumbers.SHARD_LEASED) {
        boolean done = shard.settledCount >= shard.itemCount;
        Long notBefore = Rows.millis(given.notBefore());
        boolean waits = notBefore != null && notBefore > now;
        int state =
            done
                ? StoredNumbers.SHARD_DONE
                : waits ? StoredNumbers.SHARD_WAITING : StoredNumbers.SHARD_READY;
        session.update(
            GIVE_BACK,
            state,
            waits ? notBefore : null,
            lease.shardId(),
            session.owner().id(),
            lease.token());
        Intents.voidAll(session, lease.shardId());
        settledItems.forget(lease);
        if (state == StoredNumbers.SHARD_READY) {
          ready.add(lease.batchId(), lease.destinationId());
        }
      }
    }
    ready.tell(session, flows);
  }
}
