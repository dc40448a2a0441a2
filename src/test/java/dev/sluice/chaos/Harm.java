package dev.sluice.chaos;

import dev.sluice.chaos.Ending.Cost;
import dev.sluice.fixture.OwnPostgresServer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What is done to replicas, or to their database, in one cycle. */
interface Harm {

  /**
   * How long things may take.
   *
   * @param takeover of what a silent replica held
   * @param handover of what a replica held that was told to end
   * @param resume from a database that is back to the next outcome
   */
  record Limits(Duration takeover, Duration handover, Duration resume) {

    static final Limits TARGETS =
        new Limits(Duration.ofSeconds(20), Duration.ofSeconds(1), Duration.ofSeconds(5));

    /** What a busy machine adds is no failure. */
    static final Limits WHEREVER =
        new Limits(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofSeconds(15));
  }

  /**
   * A time in which a replica did not reach its database.
   *
   * @param from before it, a beat may have been sent
   * @param to after it, one may be sent again
   */
  record CutOff(Replica replica, Instant from, Instant to) {}

  /**
   * Where it is done.
   *
   * @param server that only these replicas use; null when it is not to be harmed
   * @param restarts gets how long starts took
   * @param cutOffs gets times without a database
   */
  record Scene(
      Replicas replicas,
      DatabaseWatch watch,
      Takeovers takeovers,
      Story story,
      Oracle oracle,
      Settings settings,
      Limits limits,
      Random random,
      @Nullable OwnPostgresServer server,
      List<Duration> restarts,
      List<CutOff> cutOffs) {

    /** What an end without warning may cost. */
    Cost crash() {
      return new Cost(settings.duplicateBound(), settings.doubtBound());
    }

    void pause(int fromMillis, int toMillis) {
      Endings.pause(Duration.ofMillis(fromMillis + random.nextInt(toMillis - fromMillis)));
    }
  }

  /** Does it; on return all replicas work, or are about to. */
  void inflict(Scene scene);

  /** Tells what it does. */
  String describe();
}
