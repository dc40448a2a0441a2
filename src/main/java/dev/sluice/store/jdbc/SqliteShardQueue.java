package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Hands shards out and takes results back. */
final class SqliteShardQueue implements ShardQueue {

  private final GroupCommit writer;
  private final Readers readers;
  private final ProcessClock clock;
  private final Claims claims;
  private final ShardContents contents;
  private final Settling settling;
  private final Readiness readiness;

  SqliteShardQueue(StoreParts parts) {
    this.writer = parts.writer();
    this.readers = parts.readers();
    this.clock = parts.clock();
    this.claims = new Claims(parts.epoch());
    this.contents = new ShardContents(parts.terms());
    this.settling = new Settling(parts.epoch(), parts.flows());
    this.readiness = parts.readiness();
  }

  private long now() {
    return clock.instant().toEpochMilli();
  }

  @Override
  public List<ReadyDestination> ready(long afterId, int limit) {
    return readers.read(session -> Claims.ready(session, afterId, now(), limit));
  }

  @Override
  public List<ClaimedShard> claim(List<ClaimRequest> requests) {
    List<Claims.Granted> granted =
        writer.write(
            session -> {
              List<Claims.Granted> all = new ArrayList<>();
              for (ClaimRequest request : requests) {
                all.addAll(claims.claim(session, request, now()));
              }
              return all;
            });
    if (granted.isEmpty()) {
      return List.of();
    }
    // Payloads are read after the commit and beside the writer: it has other callers.
    try {
      return readers.read(
          session -> {
            List<ClaimedShard> claimed = new ArrayList<>(granted.size());
            for (Claims.Granted shard : granted) {
              claimed.add(contents.load(session, shard));
            }
            return claimed;
          });
    } catch (StoreException e) {
      returnUnread(granted, e);
      throw e;
    }
  }

  /** Leases that nobody learns of would hold their shards until the next start. */
  private void returnUnread(List<Claims.Granted> granted, StoreException reason) {
    try {
      giveBack(granted.stream().map(shard -> new GivenBack(shard.lease(), null)).toList());
    } catch (StoreException e) {
      reason.addSuppressed(e);
    }
  }

  @Override
  public SettleReport settle(List<Settlement> settlements) {
    if (settlements.isEmpty()) {
      return new SettleReport(Map.of(), List.of(), List.of());
    }
    return writer.write(session -> settling.settle(session, settlements));
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
}
