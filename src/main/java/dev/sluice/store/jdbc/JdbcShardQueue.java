package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.StoreException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands shards out and takes results back. */
final class JdbcShardQueue implements ShardQueue {

  private static final Logger log = LoggerFactory.getLogger(JdbcShardQueue.class);

  /** Destinations of one transaction where rivals wait for the flows that it holds. */
  private static final int TOGETHER = 8;

  private static final Duration UNREADABLE_WAIT = Duration.ofMinutes(1);

  private final StoreWriter writer;
  private final StoreReader readers;
  private final ProcessClock clock;
  private final Claims claims;
  private final ShardContents contents;
  private final Settling settling;
  private final Readiness readiness;
  private final Leases leases;

  /** Leases of claims that failed after their commit, until they are given back. */
  private final Queue<GivenBack> owed = new ConcurrentLinkedQueue<>();

  JdbcShardQueue(StoreParts parts) {
    this.writer = parts.writer();
    this.readers = parts.readers();
    this.clock = parts.clock();
    this.claims = new Claims();
    this.contents = new ShardContents(parts.terms());
    this.settling = new Settling(parts.flows(), parts.terms(), parts.gates());
    this.readiness = parts.readiness();
    this.leases = parts.leases();
  }

  private long now() {
    return clock.instant().toEpochMilli();
  }

  @Override
  public List<ReadyDestination> ready(long afterId, int limit) {
    returnOwed();
    return readers.read(session -> Claims.ready(session, afterId, now(), limit));
  }

  @Override
  public List<ClaimedShard> claim(List<ClaimRequest> requests) {
    if (!leases.haveRivals()) {
      return claimTogether(requests);
    }
    List<ClaimedShard> claimed = new ArrayList<>();
    for (int from = 0; from < requests.size(); from += TOGETHER) {
      int to = Math.min(from + TOGETHER, requests.size());
      try {
        claimed.addAll(claimTogether(requests.subList(from, to)));
      } catch (StoreException e) {
        if (claimed.isEmpty()) {
          throw e;
        }
        log.atWarn().setCause(e).log("Only a part of what there is could be claimed.");
        break;
      }
    }
    return claimed;
  }

  private List<ClaimedShard> claimTogether(List<ClaimRequest> requests) {
    // After a loss of power a lease is void, and what was sent under it is sent again: where that
    // must not be, an intent goes to the disk first, and the lease with it.
    List<Claims.Granted> all = new ArrayList<>();
    Grants grants;
    try {
      grants =
          writer.writeForgettable(
              session -> {
                all.clear();
                for (ClaimRequest request : requests) {
                  all.addAll(claims.claim(session, request, now()));
                }
                return new Grants(session.owner().id(), List.copyOf(all));
              });
    } catch (StoreException e) {
      // It may have taken effect all the same, and nobody takes over from who lives. If it did not,
      // the fence knows.
      owed.addAll(all.stream().map(shard -> new GivenBack(shard.lease(), null)).toList());
      throw e;
    }
    List<ClaimedShard> claimed = load(grants.shards);
    if (!claimed.isEmpty() && !leases.areOf(grants.owner)) {
      log.atWarn()
          .addKeyValue("shards", claimed.size())
          .log("Shards were claimed by a replica that peers took for dead; they get them back.");
      return List.of();
    }
    return claimed;
  }

  /**
   * @param owner the replica that they were granted to
   */
  private record Grants(long owner, List<Claims.Granted> shards) {}

  private List<ClaimedShard> load(List<Claims.Granted> granted) {
    if (granted.isEmpty()) {
      return List.of();
    }
    // Payloads are read after the commit and beside the writer: it has other callers.
    List<GivenBack> unreadable = new ArrayList<>();
    List<ClaimedShard> claimed;
    try {
      claimed = readers.read(session -> load(session, granted, unreadable));
    } catch (RuntimeException e) {
      returnLater(granted.stream().map(shard -> new GivenBack(shard.lease(), null)).toList());
      throw e;
    }
    returnLater(unreadable);
    return claimed;
  }

  /** Leases that nobody learns of would hold their shards until the next start. */
  private void returnLater(List<GivenBack> leases) {
    owed.addAll(leases);
    try {
      returnOwed();
    } catch (StoreException e) {
      log.atWarn().setCause(e).log("Shards could not be given back; the next round does it.");
    }
  }

  private void returnOwed() {
    List<GivenBack> leases = List.copyOf(owed);
    giveBack(leases);
    owed.removeAll(leases);
  }

  private List<ClaimedShard> load(
      Session session, List<Claims.Granted> granted, List<GivenBack> unreadable)
      throws SQLException {
    List<ClaimedShard> claimed = new ArrayList<>(granted.size());
    for (Claims.Granted shard : granted) {
      try {
        claimed.add(contents.load(session, shard));
      } catch (StoreException e) {
        if (e.kind() != StoreException.Kind.CORRUPT) {
          throw e;
        }
        // One damaged shard must not hold up the others; it is looked at again later.
        log.atError()
            .addKeyValue("shard", shard.lease().shardId())
            .addKeyValue("batch", shard.lease().batchId())
            .setCause(e)
            .log("A shard cannot be read; restore the store from a backup.");
        unreadable.add(new GivenBack(shard.lease(), clock.instant().plus(UNREADABLE_WAIT)));
      }
    }
    return claimed;
  }

  @Override
  public SettleReport settle(List<Settlement> settlements) {
    if (settlements.isEmpty()) {
      return new SettleReport(Map.of(), List.of(), List.of(), List.of());
    }
    return writer.write(session -> settling.settle(session, settlements, now()));
  }

  @Override
  public List<Lease> intend(List<Intent> intents) {
    return intents.isEmpty()
        ? List.of()
        : writer.write(session -> settling.intend(session, intents, now()));
  }

  @Override
  public void giveBack(List<GivenBack> shards) {
    if (!shards.isEmpty()) {
      writer.write(
          session -> {
            settling.giveBack(session, shards, now());
            return Boolean.TRUE;
          });
    }
  }

  @Override
  public void onReady(Runnable listener) {
    readiness.add(listener);
  }

  @Override
  public boolean holdsLeases(long nanoTime) {
    return leases.areHeld(nanoTime);
  }

  @Override
  public void onLeasesLost(Runnable listener) {
    leases.onLost(listener);
  }
}
