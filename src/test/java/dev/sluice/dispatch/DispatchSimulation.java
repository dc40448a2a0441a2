package dev.sluice.dispatch;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Runs the dispatch core through crashes, zombies, drains, store trouble, network trouble and
 * control calls on one thread, each run drawn from a seed and the same whenever that seed runs.
 */
public final class DispatchSimulation {

  private static final int MOST_FAILURES = 10;

  private DispatchSimulation() {}

  /**
   * What a number of runs amounted to.
   *
   * @param duplicateCount requests that destinations saw beyond those that the store tells of, all
   *     within their bound
   * @param poisonCount items that were called poison: chance ended the process during both their
   *     trials, as nothing in these worlds is poison
   * @param failures of the runs in which a law did not hold, at most ten
   */
  public record Result(
      int runCount,
      long itemCount,
      long requestCount,
      long crashCount,
      long zombieCount,
      long drainCount,
      long storeErrorCount,
      long lostReplyCount,
      long duplicateCount,
      long inDoubtCount,
      long suspectCount,
      long poisonCount,
      List<Failure> failures) {}

  /** A run in which a law did not hold, and how to see it again. */
  public record Failure(long seed, String message) {

    @Override
    public String toString() {
      return "Seed %d: %s%n  replay: ./mvnw test -Dtest=DispatchSimulationTests -Dsluice.sim.seed=%d"
          .formatted(seed, message, seed);
    }
  }

  /** Runs the seeds from {@code firstSeed} on. */
  public static Result run(long firstSeed, int count) {
    return run(firstSeed, count, null);
  }

  static Result run(long firstSeed, int count, @Nullable Mutation mutation) {
    Tally tally = new Tally();
    for (long seed = firstSeed; seed < firstSeed + count; seed++) {
      Failure failure = run(seed, mutation, null, tally);
      if (failure != null) {
        tally.failures.add(failure);
        if (mutation != null || tally.failures.size() == MOST_FAILURES) {
          break;
        }
      }
    }
    return tally.result();
  }

  /** Runs one seed and tells all that happens. */
  static @Nullable Failure replay(long seed, SimulatedWorld.Trace trace) {
    return run(seed, null, trace, new Tally());
  }

  private static @Nullable Failure run(
      long seed, @Nullable Mutation mutation, SimulatedWorld.@Nullable Trace trace, Tally tally) {
    try (Complaints complaints = new Complaints()) {
      SimulatedWorld world = new SimulatedWorld(seed, mutation, trace);
      String broken = null;
      try {
        world.run();
      } catch (SimulatedWorld.LawBroken e) {
        broken = e.getMessage();
      } catch (RuntimeException e) {
        broken = "it threw " + e + " at " + e.getStackTrace()[0];
      }
      tally.add(world);
      if (broken == null && !complaints.messages.isEmpty()) {
        broken = "the core complained: " + complaints.messages.getFirst();
      }
      return broken == null ? null : new Failure(seed, broken);
    }
  }

  private static final class Tally {
    private final List<Failure> failures = new ArrayList<>();
    private int runs;
    private long items;
    private long requests;
    private long crashes;
    private long zombies;
    private long drains;
    private long storeErrors;
    private long lostReplies;
    private long duplicates;
    private long inDoubt;
    private long suspects;
    private long poison;

    void add(SimulatedWorld world) {
      SimulationChecks checks = world.checks();
      runs++;
      items += checks.itemCount();
      requests += checks.seenCount;
      crashes += checks.crashCount;
      zombies += checks.zombieCount;
      drains += checks.drainCount;
      duplicates += checks.duplicateCount;
      inDoubt += checks.inDoubtCount;
      suspects += checks.suspectCount;
      poison += checks.poisonCount;
      storeErrors += world.faults().errorCount;
      lostReplies += world.faults().lostReplyCount;
    }

    Result result() {
      return new Result(
          runs,
          items,
          requests,
          crashes,
          zombies,
          drains,
          storeErrors,
          lostReplies,
          duplicates,
          inDoubt,
          suspects,
          poison,
          List.copyOf(failures));
    }
  }

  /** What the core or Reactor logs as an error: each is a bug. Warnings are what faults are for. */
  private static final class Complaints extends AppenderBase<ILoggingEvent>
      implements AutoCloseable {
    private static final List<String> LOGGERS = List.of("dev.sluice.dispatch", "reactor");

    private final List<Silenced> silenced = new ArrayList<>();
    private final List<String> messages = new ArrayList<>();

    private record Silenced(Logger logger, @Nullable Level level, boolean additive) {}

    Complaints() {
      for (String name : LOGGERS) {
        Logger logger = (Logger) LoggerFactory.getLogger(name);
        silenced.add(new Silenced(logger, logger.getLevel(), logger.isAdditive()));
        setContext(logger.getLoggerContext());
        logger.setLevel(Level.ERROR);
        logger.setAdditive(false);
        logger.addAppender(this);
      }
      start();
    }

    @Override
    protected void append(ILoggingEvent event) {
      String cause =
          event.getThrowableProxy() == null ? "" : event.getThrowableProxy().getMessage();
      messages.add(event.getFormattedMessage() + ' ' + cause);
    }

    @Override
    public void close() {
      for (Silenced was : silenced) {
        was.logger.detachAppender(this);
        was.logger.setLevel(was.level);
        was.logger.setAdditive(was.additive);
      }
      stop();
    }
  }
}
