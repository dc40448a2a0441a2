package dev.sluice.dispatch;

import dev.sluice.dispatch.ShareReplica.Demand;
import dev.sluice.model.Rate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Replicas that send under one rate while they come, go, die, stop and are cut off, and while what
 * they have to send changes. Then it looks at what all of them sent.
 */
final class ShareSimulation {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final int[] RATES = {50, 100, 300, 500, 1000};
  private static final int MOST_REPLICAS = 5;
  private static final int PHASES = 3;

  /** A share that nobody renews any more is another's after this. */
  private static final double LOST_SECONDS = 3.2;

  /** The clocks of replicas run at different speeds. */
  private static final double CLOCK = 1.001;

  private static final double MOVED_SECONDS = 2;

  private final Random random;
  private final SimulatedTime time;
  private final boolean rough;
  private final @Nullable ShareMutation mutation;
  private final Rate rate;
  private final SharedStore store;
  private final List<ShareReplica> replicas = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();
  private final List<String> story = new ArrayList<>();
  private long[] sent = new long[1 << 14];
  private byte[] sentBy = new byte[1 << 14];
  private int sentCount;
  private boolean overlap;

  ShareSimulation(long seed, @Nullable ShareMutation mutation) {
    this.random = new Random(seed);
    this.mutation = mutation;
    this.time = new SimulatedTime(new Random(seed + 1));
    this.rough = random.nextInt(3) == 0;
    int permits = RATES[random.nextInt(RATES.length)];
    this.rate = new Rate(permits, Duration.ofSeconds(1), 1 + random.nextInt(permits / 10));
    this.store = new SharedStore(time, new Random(seed + 2), rough, mutation);
  }

  /** Runs a world; gives what did not hold, empty when all did. */
  static List<String> run(long seed, @Nullable ShareMutation mutation) {
    return run(seed, mutation, _ -> {});
  }

  static List<String> run(
      long seed, @Nullable ShareMutation mutation, Consumer<String> whatHappened) {
    ShareSimulation world = new ShareSimulation(seed, mutation);
    world.run();
    world.story.forEach(whatHappened);
    return world.failures.stream().map(failure -> "seed " + seed + ": " + failure).toList();
  }

  SimulatedTime time() {
    return time;
  }

  Rate rate() {
    return rate;
  }

  @Nullable ShareMutation mutation() {
    return mutation;
  }

  void sent(long replica) {
    if (sentCount == sent.length) {
      sent = Arrays.copyOf(sent, 2 * sentCount);
      sentBy = Arrays.copyOf(sentBy, 2 * sentCount);
    }
    sent[sentCount] = time.nanoTime();
    sentBy[sentCount++] = (byte) replica;
  }

  // The story

  private void run() {
    tell(rate + (rough ? " over a bad network" : ""));
    int begin = 1 + random.nextInt(MOST_REPLICAS);
    for (int i = 0; i < begin; i++) {
      join();
    }
    for (int phase = 0; phase < PHASES; phase++) {
      double wait = phase == 0 ? MOVED_SECONDS : happen();
      long from = time.nanoTime();
      if (rough) {
        pass(random.nextDouble() * 10);
        double _ = happen();
        pass(random.nextDouble() * 10);
        continue;
      }
      pass(wait);
      checkMoved();
      pass(11 - MOVED_SECONDS);
      checkUsed(from + (long) (wait * SECOND));
    }
    checkLimit();
  }

  private void pass(double seconds) {
    time.pass((long) (seconds * SECOND));
  }

  private void tell(String what) {
    story.add("%.3f s: %s".formatted(time.nanoTime() / 1e9, what));
  }

  private void join() {
    ShareReplica replica =
        new ShareReplica(this, replicas.size(), store, new Random(random.nextLong()));
    Demand demand = demand();
    replica.demand(demand);
    replicas.add(replica);
    tell("replica " + replica.number() + " comes and wants " + demand);
  }

  private Demand demand() {
    double part = rate.perSecond() * (0.05 + random.nextDouble());
    return switch (random.nextInt(6)) {
      case 0 -> Demand.NONE;
      case 1 -> new Demand(part, Double.POSITIVE_INFINITY);
      case 2 -> new Demand(Double.POSITIVE_INFINITY, part);
      default -> Demand.ALL;
    };
  }

  /** Something happens; gives the seconds that it takes to get over it. */
  private double happen() {
    List<ShareReplica> there =
        new ArrayList<>(replicas.stream().filter(ShareReplica::isThere).toList());
    int chance = random.nextInt(8);
    if (there.size() < MOST_REPLICAS && (there.isEmpty() || chance < 2)) {
      join();
      return MOVED_SECONDS;
    }
    ShareReplica one = there.get(random.nextInt(there.size()));
    return switch (chance) {
      case 2, 3 -> {
        tell("replica " + one.number() + " dies");
        one.die();
        yield LOST_SECONDS;
      }
      case 4 -> {
        tell("replica " + one.number() + " leaves");
        one.leave();
        yield MOVED_SECONDS;
      }
      case 5 -> {
        tell("replica " + one.number() + " is cut off, or connected again");
        one.cut(one.perSecond() > 0);
        yield LOST_SECONDS;
      }
      case 6 -> {
        double seconds = 1 + 4 * random.nextDouble();
        tell("replica " + one.number() + " stops for " + seconds + " s");
        one.stop((long) (seconds * SECOND));
        yield seconds + MOVED_SECONDS;
      }
      default -> {
        Demand demand = demand();
        tell("replica " + one.number() + " wants " + demand);
        one.demand(demand);
        yield MOVED_SECONDS;
      }
    };
  }

  // What must hold

  /** No two replicas go by the same part of the limit, at any time. */
  void checkShares() {
    double sum = replicas.stream().mapToDouble(ShareReplica::goesBy).sum();
    if (sum > CLOCK * rate.perSecond() && !overlap) {
      overlap = true;
      fail("shares of %.3f at %.3f s".formatted(sum, time.nanoTime() / 1e9), rate.perSecond());
    }
  }

  /** Never more than the limit: 5 % over any 10 s, and what the arithmetic promises. */
  private void checkLimit() {
    double promised =
        CLOCK * 10 * rate.perSecond() + rate.burst() + replicas.size() + 0.05 * rate.perSecond();
    double most = Math.min(promised, 1.05 * 10 * rate.perSecond());
    int first = 0;
    for (int last = 0; last < sentCount; last++) {
      while (sent[last] - sent[first] >= 10 * SECOND) {
        first++;
      }
      if (last - first + 1 > most) {
        fail("%d sent in 10 s from %.3f s".formatted(last - first + 1, sent[first] / 1e9), most);
        return;
      }
    }
  }

  private void fail(String what, double expected) {
    failures.add(what + ", expected " + expected + " of " + rate + "; " + story);
  }

  private void checkMoved() {
    long from = time.nanoTime();
    pass(MOVED_SECONDS);
    if (someWantMore()) {
      long count = count(from, from + 2 * SECOND, -1);
      double least = 0.85 * 2 * rate.perSecond() - replicas.size() - 1;
      if (count < least) {
        fail("%d sent in 2 s from %.3f s".formatted(count, from / 1e9), least);
      }
    }
  }

  private boolean someWantMore() {
    return replicas.stream().mapToDouble(ShareReplica::perSecond).sum() > 1.05 * rate.perSecond();
  }

  /** All of the limit is used where demand is, and everybody has an even part or what it wants. */
  private void checkUsed(long from) {
    long to = time.nanoTime();
    double seconds = (to - from) / 1e9;
    if (!someWantMore()) {
      return;
    }
    // Where another gate holds a replica, what it can use is found out by trying.
    double part = replicas.stream().anyMatch(ShareReplica::isSlow) ? 0.88 : 0.95;
    long count = count(from, to, -1);
    double least = part * seconds * rate.perSecond() - replicas.size();
    if (count < least) {
      fail("%d sent in %.3f s from %.3f s".formatted(count, seconds, from / 1e9), least);
    }
    double even = even();
    for (ShareReplica replica : replicas) {
      double fair = Math.min(replica.perSecond(), even);
      long own = count(from, to, replica.number());
      if (own < 0.8 * fair * seconds - 3) {
        fail(
            "replica %d sent %d from %.3f s".formatted(replica.number(), own, from / 1e9),
            fair * seconds);
      }
    }
  }

  /** Gives the level up to which the limit fills all that is wanted. */
  private double even() {
    double[] wanted = replicas.stream().mapToDouble(ShareReplica::perSecond).sorted().toArray();
    double left = rate.perSecond();
    for (int i = 0; i < wanted.length; i++) {
      double even = left / (wanted.length - i);
      if (wanted[i] > even) {
        return even;
      }
      left -= wanted[i];
    }
    return left;
  }

  private long count(long from, long to, long replica) {
    long count = 0;
    for (int i = 0; i < sentCount; i++) {
      if (sent[i] >= from && sent[i] < to && (replica < 0 || sentBy[i] == replica)) {
        count++;
      }
    }
    return count;
  }
}
