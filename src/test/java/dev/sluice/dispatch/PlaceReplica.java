package dev.sluice.dispatch;

import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.LimitKey;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** One replica with attempts that take a place of a shared limit each, some short, some long. */
final class PlaceReplica {

  private static final long BEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final PlaceSimulation world;
  private final SimulatedTime time;
  private final Random random;
  private final SimulatedTime.Life life = new SimulatedTime.Life();
  private final SimulatedTime.Actor keeping = new SimulatedTime.Actor(life);
  private final SimulatedTime.Actor sending = new SimulatedTime.Actor(life);
  private final SharedStore.Connection store;
  private final ShareTerm term;
  private final ShareKeeper keeper;
  private final PlaceShare share;
  private final long number;
  private final double meanMillis;
  private boolean hungry;
  private boolean leaving;
  private int inUse;

  /** Grows when its places end under its attempts: those are on their own from then on. */
  private int termNumber;

  private int outlived;
  private long idleSince;
  private long longestWait;

  PlaceReplica(PlaceSimulation world, long number, SharedStore store, Random random) {
    this.world = world;
    this.time = world.time();
    this.random = random;
    this.number = number;
    this.meanMillis = random.nextBoolean() ? 50 : 1000;
    this.store = store.new Connection(number, life);
    ProcessClock clock =
        new ProcessClock() {
          @Override
          public long nanoTime() {
            return time.nanoTime() + number;
          }

          @Override
          public Instant instant() {
            throw new UnsupportedOperationException("No wall clock decides about shares");
          }
        };
    this.term = new ShareTerm(clock);
    this.share = new PlaceShare(new LimitKey(LimitKey.Kind.BATCH_CONCURRENCY, "1"), term);
    share.follow(world.limit());
    SharedLimit.Load load =
        new SharedLimit.Load() {
          @Override
          public int waiting() {
            return hungry ? 100 : 0;
          }

          @Override
          public int inUse() {
            return inUse;
          }

          @Override
          public void wake() {
            time.in(0, sending, PlaceReplica.this::send);
          }
        };
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
    this.idleSince = time.nanoTime();
    time.in(random.nextLong(BEAT_NANOS), keeping, this::beat);
    time.in(random.nextLong(LOOK_NANOS), sending, this::look);
  }

  private void lookAtTerm() {
    if (term.isOver() && outlived < inUse) {
      termNumber++;
      outlived = inUse;
    }
  }

  private void beat() {
    lookAtTerm();
    keeper.beat();
    time.in(BEAT_NANOS + random.nextLong(BEAT_NANOS / 10), keeping, this::beat);
  }

  private void look() {
    lookAtTerm();
    if (hungry && inUse == 0) {
      longestWait = Math.max(longestWait, time.nanoTime() - idleSince);
    }
    send();
    time.in(LOOK_NANOS, sending, this::look);
  }

  private void send() {
    while (hungry && !leaving && share.admits(inUse + 1)) {
      inUse++;
      world.check();
      double millis = 1 - meanMillis * Math.log(1 - random.nextDouble());
      int begun = termNumber;
      time.in((long) (millis * 1e6), sending, () -> ended(begun));
    }
  }

  private void ended(int begun) {
    lookAtTerm();
    outlived -= begun < termNumber ? 1 : 0;
    inUse--;
    idleSince = time.nanoTime();
    send();
  }

  // What happens to it

  void hungry(boolean isHungry) {
    if (isHungry && !hungry) {
      idleSince = time.nanoTime();
    }
    hungry = isHungry;
  }

  void die() {
    life.end();
  }

  void cut(boolean isCut) {
    store.cut(isCut);
  }

  boolean isThere() {
    return !life.isOver();
  }

  boolean isHungry() {
    return isThere() && hungry;
  }

  /** Gives the attempts under way in places that are its own. */
  int held() {
    lookAtTerm();
    return isThere() ? inUse - outlived : 0;
  }

  long takeLongestWait() {
    long wait = longestWait;
    longestWait = 0;
    return wait;
  }

  long number() {
    return number;
  }
}
