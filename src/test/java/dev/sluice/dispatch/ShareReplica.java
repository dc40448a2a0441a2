package dev.sluice.dispatch;

import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Rate;
import dev.sluice.store.LimitKey;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One replica that sends under a shared rate as fast as its share, its work and its own speed let
 * it. Its clock has a speed of its own, and its renewals come when they come.
 */
final class ShareReplica {

  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long BEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int STOCK = 2000;

  private final ShareSimulation world;
  private final SimulatedTime time;
  private final Random random;
  private final @Nullable ShareMutation mutation;
  private final SimulatedTime.Life life = new SimulatedTime.Life();
  private final SimulatedTime.Actor keeping = new SimulatedTime.Actor(life);
  private final SimulatedTime.Actor sending = new SimulatedTime.Actor(life);
  private final SharedStore.Connection store;
  private final ProcessClock clock;
  private final ShareTerm term;
  private final ShareKeeper keeper;
  private final SharedLimit.Load load = new Work();
  private final RateShare share;
  private final Rate rate;
  private final long number;
  private Demand demand = Demand.NONE;
  private double arrived;
  private double ready = 1;
  private int waiting;
  private long steppedAt;
  private boolean cut;
  private boolean leaving;

  /**
   * What it has to send.
   *
   * @param arrivals items a second that arrive; without end when infinite
   * @param speed items a second that it could send if there were no limit
   */
  record Demand(double arrivals, double speed) {
    static final Demand NONE = new Demand(0, Double.POSITIVE_INFINITY);
    static final Demand ALL = new Demand(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);

    double perSecond() {
      return Math.min(arrivals, speed);
    }
  }

  private final class Work implements SharedLimit.Load {
    @Override
    public int waiting() {
      return waiting;
    }

    @Override
    public int inUse() {
      return 0;
    }

    @Override
    public void wake() {
      time.in(0, sending, ShareReplica.this::send);
    }
  }

  ShareReplica(ShareSimulation world, long number, SharedStore store, Random random) {
    this.world = world;
    this.time = world.time();
    this.random = random;
    this.mutation = world.mutation();
    this.number = number;
    this.rate = world.rate();
    this.store = store.new Connection(number, life);
    double speed = 1 + (random.nextDouble() - 0.5) / 1000;
    long origin = random.nextLong();
    this.clock =
        new ProcessClock() {
          @Override
          public long nanoTime() {
            return origin + (long) (time.nanoTime() * speed);
          }

          @Override
          public Instant instant() {
            throw new UnsupportedOperationException("No wall clock decides about shares");
          }
        };
    this.term = new ShareTerm(clock);
    this.share = share();
    this.keeper =
        new ShareKeeper(
            this.store,
            each -> {
              if (!leaving) {
                each.accept(share, load);
              }
            },
            term,
            clock,
            DispatchObserver.NONE);
    this.steppedAt = time.nanoTime();
    time.in(random.nextLong(BEAT_NANOS), keeping, () -> beat(time.nanoTime()));
    time.in(random.nextLong(STEP_NANOS), sending, this::step);
  }

  private RateShare share() {
    RateShare made = new RateShare(new LimitKey(LimitKey.Kind.DESTINATION_RATE, "1"), term);
    made.follow(rate);
    return made;
  }

  /** Late at times, and then the sooner again, as a timer at a fixed rate is. */
  private void beat(long planned) {
    keeper.beat();
    long next = Math.max(planned + BEAT_NANOS, time.nanoTime());
    long jitter = TimeUnit.MILLISECONDS.toNanos(random.nextInt(40));
    time.at(next + jitter, keeping, () -> beat(next));
  }

  private void step() {
    if (mutation == ShareMutation.SEND_ON) {
      term.extend(clock.nanoTime() + TimeUnit.HOURS.toNanos(1));
    }
    double seconds = Math.min(0.1, (time.nanoTime() - steppedAt) / 1e9);
    steppedAt = time.nanoTime();
    if (Double.isInfinite(demand.arrivals())) {
      waiting = Math.max(waiting, STOCK);
    } else {
      arrived += demand.arrivals() * seconds * 2 * random.nextDouble();
      waiting += (int) arrived;
      arrived -= (int) arrived;
    }
    // A place that is free stays free: what it could not use at once is not lost.
    ready = Math.min(1 + 2 * demand.speed() * seconds, ready + demand.speed() * seconds);
    send();
    world.checkShares();
    // At times a process is late by itself.
    long late = random.nextInt(100) == 0 ? TimeUnit.MILLISECONDS.toNanos(random.nextInt(60)) : 0;
    time.in(STEP_NANOS + late, sending, this::step);
  }

  private void send() {
    if (leaving) {
      return;
    }
    while (waiting > 0 && ready >= 1) {
      long wait = share.reserve(clock.nanoTime());
      if (wait < 0) {
        return;
      }
      waiting--;
      ready--;
      if (wait == 0) {
        world.sent(number);
      } else {
        time.in(wait, sending, this::sendReserved);
      }
    }
  }

  private void sendReserved() {
    if (share.isOver(clock.nanoTime())) {
      waiting++;
    } else {
      world.sent(number);
    }
  }

  // What happens to it

  void demand(Demand wanted) {
    demand = wanted;
    waiting = 0;
  }

  void die() {
    life.end();
  }

  /** Gives everything back and goes. */
  void leave() {
    leaving = true;
    time.in(
        0,
        keeping,
        () -> {
          keeper.release();
          life.end();
        });
  }

  void cut(boolean isCut) {
    cut = isCut;
    store.cut(isCut);
  }

  void stop(long nanos) {
    store.stopUntil(time.nanoTime() + nanos);
  }

  boolean isThere() {
    return !life.isOver() && !leaving;
  }

  /** Gives what it could send now if it had the whole limit. */
  double perSecond() {
    if (!isThere() || cut) {
      return 0;
    }
    // What did not go as it came is there still.
    boolean isBehind = waiting > 5 + demand.arrivals();
    return isBehind ? demand.speed() : demand.perSecond();
  }

  /** Tells whether something else than the limit holds it. */
  boolean isSlow() {
    return isThere() && Double.isFinite(demand.speed());
  }

  /** Gives what it goes by. */
  double goesBy() {
    return life.isOver() ? 0 : share.held(load);
  }

  long number() {
    return number;
  }
}
