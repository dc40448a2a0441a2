package dev.sluice.store;

import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import dev.sluice.store.LimitSplit.Claimant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bookkeeping of {@link LimitShares}: what each replica wants and has of each key, and what a
 * renewal makes of it. It holds what a store told it and reads no clock; where several replicas
 * share, the store has their renewals come one after the other. Not thread-safe.
 */
public final class ShareLedger {

  /** What a limit nobody is known to have used may count as quiet. */
  private static final Duration LONG_QUIET = Duration.ofDays(7);

  /** A change by less than this part of a limit is not worth a write. */
  private static final double TRIFLE = 0.001;

  private final Map<LimitKey, Map<Long, Entry>> entries = new HashMap<>();
  private final Map<Long, Holder> holders = new HashMap<>();

  /**
   * What a replica wants and has of a key.
   *
   * @param since since when it has had any of it, or none
   */
  public record Entry(LimitKey key, long replica, double wanted, double share, Instant since) {

    private boolean isLive() {
      return wanted > 0 || share > 0;
    }
  }

  /**
   * A replica.
   *
   * @param beat number of its latest renewal
   * @param validUntil until when its shares are its own
   */
  public record Holder(long replica, long beat, Instant validUntil) {}

  /**
   * What a renewal did.
   *
   * @param changed what is to be stored, with the holder
   * @param shares what the replica goes by, in the order of its demands
   */
  public record Renewal(Holder holder, List<Entry> changed, List<Share> shares) {}

  /** Takes what is stored of a key. */
  public void put(Entry entry) {
    entries.computeIfAbsent(entry.key(), _ -> new HashMap<>()).put(entry.replica(), entry);
  }

  /** Takes what is stored of a replica. */
  public void put(Holder holder) {
    holders.put(holder.replica(), holder);
  }

  /** Tells whether anything of a key is known. */
  public boolean knows(LimitKey key) {
    return entries.containsKey(key);
  }

  /** Forgets all keys but these. */
  public void keepOnly(Set<LimitKey> keys) {
    entries.keySet().retainAll(keys);
  }

  /**
   * Renews what a replica has, with all that it demands, and takes the result as stored.
   *
   * @param beat number of the renewal
   * @param now the store's time
   * @return null for a renewal that a later one of the same replica has overtaken: what it says is
   *     in use may be less than what is
   */
  public @Nullable Renewal renew(long replica, long beat, List<Demand> demands, Instant now) {
    Holder before = holders.get(replica);
    if (before != null && before.beat() >= beat) {
      return null;
    }
    boolean valid = before != null && before.validUntil().isAfter(now);
    List<Entry> changed = new ArrayList<>();
    List<Share> shares = new ArrayList<>();
    Set<LimitKey> demanded = new HashSet<>();
    for (Demand demand : demands) {
      demanded.add(demand.key());
      shares.add(renew(replica, valid, demand, now, changed));
    }
    for (Map<Long, Entry> ofKey : entries.values()) {
      Entry own = ofKey.get(replica);
      if (own != null && own.isLive() && !demanded.contains(own.key())) {
        changed.add(new Entry(own.key(), replica, 0, 0, now));
      }
    }
    changed.forEach(this::put);
    Holder holder = new Holder(replica, beat, now.plus(LimitShares.VALID));
    holders.put(replica, holder);
    return new Renewal(holder, changed, shares);
  }

  private Share renew(
      long replica, boolean valid, Demand demand, Instant now, List<Entry> changed) {
    LimitKey key = demand.key();
    Map<Long, Entry> ofKey = entries.getOrDefault(key, Map.of());
    Entry stored = ofKey.get(replica);
    double had = valid && stored != null ? stored.share() : 0;
    Claimant own =
        new Claimant(
            replica,
            demand.wanted(),
            had,
            stored != null && (had > 0) == (stored.share() > 0) ? stored.since() : now);
    List<Claimant> all = new ArrayList<>();
    all.add(own);
    double others = 0;
    for (Entry entry : ofKey.values()) {
      if (entry.replica() != replica && entry.isLive() && isValid(entry, now)) {
        all.add(new Claimant(entry.replica(), entry.wanted(), entry.share(), entry.since()));
        others += entry.share();
      }
    }
    // What is not known to be had is not had, whatever its holder believes: others may have it.
    double held = Math.min(demand.held(), had);
    double free = Math.max(0, demand.limit() - others);
    double fair =
        key.kind().isWhole()
            ? LimitSplit.places((int) demand.limit(), own, all, now)
            : LimitSplit.rate(demand.limit(), own, all);
    if (held > 0 && Math.abs(fair - held) < TRIFLE * demand.limit()) {
      fair = held;
    }
    boolean shrinks = fair < held;
    double share = shrinks ? held : Math.max(held, Math.min(fair, free));
    Entry entry =
        new Entry(
            key, replica, demand.wanted(), share, (share > 0) == (had > 0) ? own.since() : now);
    if (!entry.equals(stored)) {
      changed.add(entry);
    }
    return new Share(key, shrinks ? fair : share, had > 0 ? Duration.ZERO : quiet(ofKey, now));
  }

  private boolean isValid(Entry entry, Instant now) {
    Holder holder = holders.get(entry.replica());
    return holder != null && holder.validUntil().isAfter(now);
  }

  private Duration quiet(Map<Long, Entry> ofKey, Instant now) {
    Duration quiet = LONG_QUIET;
    for (Entry entry : ofKey.values()) {
      Instant last = lastHeld(entry);
      Duration since = Duration.between(last, now);
      quiet = since.compareTo(quiet) < 0 ? since : quiet;
    }
    return quiet.isNegative() ? Duration.ZERO : quiet;
  }

  /** Gives until when an entry's replica had any of it; some time ahead when it has. */
  private Instant lastHeld(Entry entry) {
    Holder holder = holders.get(entry.replica());
    if (entry.share() == 0 || holder == null) {
      return entry.since();
    }
    return holder.validUntil();
  }
}
