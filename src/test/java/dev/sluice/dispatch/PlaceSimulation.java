package dev.sluice.dispatch;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Replicas that take places of one concurrency limit while they come, die and are cut off. */
final class PlaceSimulation {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final int MOST_REPLICAS = 5;

  /** Turns of all others, each with the longest attempt and the beats of handing over. */
  private static final long LONGEST_WAIT_SECONDS = 40;

  private final long seed;
  private final Random random;
  private final SimulatedTime time;
  private final int limit;
  private final SharedStore store;
  private final boolean rough;
  private final List<PlaceReplica> replicas = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();
  private long integral;
  private long looks;

  private PlaceSimulation(long seed, @Nullable ShareMutation mutation) {
    this.seed = seed;
    this.random = new Random(seed);
    this.time = new SimulatedTime(new Random(seed + 1));
    this.rough = random.nextInt(3) == 0;
    this.limit = 1 + random.nextInt(random.nextBoolean() ? 4 : 40);
    this.store = new SharedStore(time, new Random(seed + 2), rough, mutation);
  }

  /** Runs a world; gives what did not hold, empty when all did. */
  static List<String> run(long seed, @Nullable ShareMutation mutation) {
    PlaceSimulation world = new PlaceSimulation(seed, mutation);
    world.run();
    return world.failures;
  }

  SimulatedTime time() {
    return time;
  }

  int limit() {
    return limit;
  }

  private void run() {
    int begin = 1 + random.nextInt(MOST_REPLICAS);
    for (int i = 0; i < begin; i++) {
      join();
    }
    for (int phase = 0; phase < 3; phase++) {
      happen();
      time.pass(5 * SECOND);
      use(20 + random.nextInt(60));
    }
  }

  private void join() {
    PlaceReplica replica =
        new PlaceReplica(this, replicas.size(), store, new Random(random.nextLong()));
    replica.hungry(random.nextInt(4) > 0);
    replicas.add(replica);
  }

  private void happen() {
    List<PlaceReplica> there = replicas.stream().filter(PlaceReplica::isThere).toList();
    if (there.size() < 2 || (there.size() < MOST_REPLICAS && random.nextBoolean())) {
      join();
      return;
    }
    PlaceReplica one = there.get(random.nextInt(there.size()));
    switch (random.nextInt(4)) {
      case 0 -> one.die();
      case 1 -> {
        one.cut(true);
        time.pass(random.nextLong(10 * SECOND));
        one.cut(false);
      }
      default -> one.hungry(!one.isHungry());
    }
  }

  private void use(int seconds) {
    integral = 0;
    looks = 0;
    replicas.forEach(replica -> replica.takeLongestWait());
    for (int i = 0; i < seconds * 20; i++) {
      time.pass(SECOND / 20);
      integral += held();
      looks++;
    }
    if (rough || replicas.stream().noneMatch(PlaceReplica::isHungry)) {
      return;
    }
    double used = (double) integral / looks / limit;
    if (used < 0.75) {
      fail("only %.2f of the places were used".formatted(used));
    }
    for (PlaceReplica replica : replicas) {
      if (replica.isHungry() && replica.takeLongestWait() > LONGEST_WAIT_SECONDS * SECOND) {
        fail("replica " + replica.number() + " had no place for too long");
      }
    }
  }

  private int held() {
    return replicas.stream().mapToInt(PlaceReplica::held).sum();
  }

  /** Looked at whenever a place is taken. */
  void check() {
    if (held() > limit && failures.isEmpty()) {
      fail("%d places in use at %.3f s".formatted(held(), time.nanoTime() / 1e9));
    }
  }

  private void fail(String what) {
    failures.add(
        "seed %d, %d places, %d replicas: %s".formatted(seed, limit, replicas.size(), what));
  }
}
