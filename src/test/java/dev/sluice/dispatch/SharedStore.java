package dev.sluice.dispatch;

import dev.sluice.store.LimitShares;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import dev.sluice.store.ShareLedger;
import dev.sluice.store.ShareLedger.Entry;
import dev.sluice.store.ShareLedger.Holder;
import dev.sluice.store.ShareLedger.Renewal;
import dev.sluice.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The store of replicas that share a limit: renewals one after the other, each on its way for a
 * while, lost on the way there or back, or done long after its sender gave up.
 */
final class SharedStore {

  private static final long TIMEOUT_NANOS = TimeUnit.MILLISECONDS.toNanos(700);

  private final SimulatedTime time;
  private final Random random;
  private final boolean rough;
  private final @Nullable ShareMutation mutation;
  private final ShareLedger ledger = new ShareLedger();
  private final SimulatedTime.Actor server = new SimulatedTime.Actor(new SimulatedTime.Life());

  /** What the ledger holds, to be put out of order by a mutation. */
  private final Map<Long, Entry> entries = new HashMap<>();

  private long lastBeat;

  /**
   * @param rough whether renewals are slow and get lost
   */
  SharedStore(SimulatedTime time, Random random, boolean rough, @Nullable ShareMutation mutation) {
    this.time = time;
    this.random = random;
    this.rough = rough;
    this.mutation = mutation;
  }

  /** The way of one replica to the store. */
  final class Connection implements LimitShares {

    private final long replica;
    private final SimulatedTime.Life life;
    private long beat;
    private boolean cut;
    private long stoppedUntil;

    Connection(long replica, SimulatedTime.Life life) {
      this.replica = replica;
      this.life = life;
    }

    /** Has the replica hear nothing before {@code nanos}: it is stopped. */
    void stopUntil(long nanos) {
      stoppedUntil = nanos;
      life.stopUntil(nanos);
    }

    void cut(boolean isCut) {
      cut = isCut;
    }

    @Override
    public boolean areWhole() {
      return false;
    }

    @Override
    public List<Share> renew(List<Demand> demands) {
      long number = ++beat;
      pass(delay());
      boolean lost = cut || (rough && random.nextInt(60) == 0);
      boolean late = rough && random.nextInt(20) == 0;
      if (late) {
        long after = TIMEOUT_NANOS + random.nextLong(4 * TIMEOUT_NANOS);
        time.in(after, server, () -> execute(replica, number, demands));
      }
      if (lost || late) {
        return noReply();
      }
      List<Share> shares = execute(replica, number, demands);
      if (shares == null || (rough && random.nextInt(60) == 0)) {
        return noReply();
      }
      pass(delay());
      return cut ? noReply() : shares;
    }

    private void pass(long nanos) {
      time.pass(nanos);
      while (stoppedUntil - time.nanoTime() > 0) {
        time.pass(stoppedUntil - time.nanoTime());
      }
      if (life.isOver()) {
        throw new SimulatedTime.Crashed();
      }
    }

    private List<Share> noReply() {
      pass(TIMEOUT_NANOS);
      throw new StoreException(StoreException.Kind.UNAVAILABLE, "As the seed asked");
    }

    private long delay() {
      long most = rough && random.nextInt(8) == 0 ? 300_000 : 4_000;
      return TimeUnit.MICROSECONDS.toNanos(500 + random.nextLong(most));
    }
  }

  private @Nullable List<Share> execute(long replica, long beat, List<Demand> demands) {
    long number = mutation == ShareMutation.BELIEVE_THE_OVERTAKEN ? ++lastBeat : beat;
    List<Demand> asked = demands.stream().map(this::broken).toList();
    if (mutation == ShareMutation.GROW_FIRST) {
      entries.forEach((other, entry) -> hide(other != replica, entry));
    }
    Renewal renewal = ledger.renew(replica, number, asked, now());
    entries.values().forEach(ledger::put);
    if (renewal == null) {
      return null;
    }
    for (Entry entry : renewal.changed()) {
      entries.put(entry.replica(), entry);
      ledger.put(entry);
    }
    if (mutation == ShareMutation.NEVER_END) {
      Instant never = now().plus(Duration.ofDays(1));
      ledger.put(new Holder(replica, renewal.holder().beat(), never));
    }
    return renewal.shares();
  }

  private Demand broken(Demand demand) {
    if (mutation == ShareMutation.SHRINK_IN_THE_STORE_FIRST) {
      return demand.holding(0);
    }
    return mutation == ShareMutation.WANT_EVERYTHING
        ? new Demand(demand.key(), demand.limit(), demand.limit(), demand.held())
        : demand;
  }

  private void hide(boolean isOther, Entry entry) {
    if (isOther) {
      ledger.put(new Entry(entry.key(), entry.replica(), entry.wanted(), 0, entry.since()));
    }
  }

  private Instant now() {
    return time.instant();
  }
}
