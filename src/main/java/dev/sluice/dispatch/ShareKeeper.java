package dev.sluice.dispatch;

import dev.sluice.dispatch.SharedLimit.Load;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.LimitShares;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import dev.sluice.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews this replica's shares of the limits that are in use. A share that shrinks is gone by
 * before the store hears of it, one that grows after the store has said so. One thread; not the
 * housekeeper's, whose long rounds would end every share.
 */
final class ShareKeeper {

  private static final Logger log = LoggerFactory.getLogger(ShareKeeper.class);

  /** A renewal whose answer is to go by less is told of at once, and that may be answered so. */
  private static final int MOST_ROUNDS = 3;

  private final LimitShares store;
  private final Consumer<BiConsumer<SharedLimit, Load>> limits;
  private final ShareTerm term;
  private final ProcessClock clock;
  private final DispatchObserver observer;

  /** Whether the store may think that this replica has anything. */
  private boolean holding;

  private boolean failing;
  private volatile boolean draining;

  /**
   * @param limits gives every limit that there is now, with what goes on under it
   * @param observer told of every renewal
   */
  ShareKeeper(
      LimitShares store,
      Consumer<BiConsumer<SharedLimit, Load>> limits,
      ShareTerm term,
      ProcessClock clock,
      DispatchObserver observer) {
    this.store = store;
    this.limits = limits;
    this.term = term;
    this.clock = clock;
    this.observer = observer;
  }

  /** A limit in use, and what this replica says of it. */
  private record Claim(SharedLimit limit, Load load, Demand demand) {

    Claim again() {
      return new Claim(limit, load, demand.holding(limit.held(load)));
    }
  }

  /** What goes on where nothing begins any more. */
  private record Rest(Load load) implements Load {
    @Override
    public int waiting() {
      return 0;
    }

    @Override
    public int inUse() {
      return load.inUse();
    }

    @Override
    public void wake() {
      // Nothing waits.
    }
  }

  /** Says that nothing begins any more: what waits is for others. Any thread. */
  void drain() {
    draining = true;
  }

  /** One renewal; called twice a second, and soon after something new is in use. */
  void beat() {
    long now = clock.nanoTime();
    List<Claim> claims = new ArrayList<>();
    limits.accept(
        (limit, load) -> {
          Demand demand = limit.demand(draining ? new Rest(load) : load, now);
          if (demand != null) {
            claims.add(new Claim(limit, load, demand));
          }
        });
    if (claims.isEmpty() && !holding) {
      return;
    }
    boolean renewed = false;
    try {
      renew(claims);
      renewed = true;
      holding = !claims.isEmpty();
    } catch (StoreException e) {
      if (!failing) {
        log.atWarn()
            .addKeyValue("kind", e.kind())
            .setCause(e)
            .log("Shares of limits could not be renewed; without them nothing limited is sent.");
      }
    } finally {
      failing = !renewed;
      observer.sharesRenewed(clock.nanoTime() - now, renewed);
    }
  }

  private void renew(List<Claim> first) {
    List<Claim> claims = first;
    boolean shrank = true;
    for (int round = 0; shrank && round < MOST_ROUNDS; round++) {
      if (round > 0) {
        claims = claims.stream().map(Claim::again).toList();
      }
      holding = true;
      long asked = clock.nanoTime();
      List<Share> shares = store.renew(claims.stream().map(Claim::demand).toList());
      shrank = apply(claims, shares, asked + LimitShares.HELD.toNanos());
    }
  }

  /** Gives whether any is less than it was, and can be told of now. */
  private boolean apply(List<Claim> claims, List<Share> shares, long untilNanos) {
    if (claims.size() != shares.size()) {
      throw new IllegalStateException("A demand was not answered, indicates a bug");
    }
    long now = clock.nanoTime();
    boolean shrank = false;
    List<Load> grown = new ArrayList<>();
    for (int i = 0; i < claims.size(); i++) {
      Claim claim = claims.get(i);
      if (claim.limit.grant(shares.get(i), now)) {
        grown.add(claim.load);
      }
      shrank |= claim.limit.held(claim.load) < claim.demand.held();
    }
    term.extend(untilNanos);
    grown.forEach(Load::wake);
    return shrank;
  }

  /** Gives everything back: nothing limited is sent any more. */
  void release() {
    term.extend(clock.nanoTime());
    try {
      var _ = store.renew(List.of());
    } catch (StoreException e) {
      log.atDebug().setCause(e).log("Shares could not be given back; they end by themselves.");
    }
  }
}
