package dev.sluice.chaos;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How much is done; each by a system property {@code chaos.…}.
 *
 * @param kills lives ended by SIGKILL
 * @param points at how many of the points, drawn by the seed
 * @param hits lives ended at each of them
 * @param images disks that lose their power
 * @param terms lives ended by SIGTERM
 * @param zombies processes that are stopped for a while
 * @param replicas what is done to several on one database
 * @param seeds worlds simulated
 * @param backlog items pending while a start is timed
 * @param lives on one data directory before it is checked
 * @param only names of the scenarios to run; all when empty
 * @param seed of all that is random
 * @param directory gets everything; what was good is deleted
 */
record Plan(
    int kills,
    int points,
    int hits,
    int images,
    int terms,
    int zombies,
    OfReplicas replicas,
    int seeds,
    int backlog,
    int lives,
    Set<String> only,
    long seed,
    Path directory) {

  /**
   * How often replicas are harmed.
   *
   * @param kills by SIGKILL
   * @param zombies by SIGSTOP
   * @param partitions by dropping what goes to the database and comes from it
   * @param cuts by cutting a connection just after a commit
   * @param databaseKills by SIGKILL of the database
   * @param rolling by SIGTERM
   */
  record OfReplicas(
      int kills, int zombies, int partitions, int cuts, int databaseKills, int rolling) {

    private static OfReplicas fromProperties() {
      return new OfReplicas(
          Integer.getInteger("chaos.replica-kills", 50),
          Integer.getInteger("chaos.replica-zombies", 5),
          Integer.getInteger("chaos.partitions", 5),
          Integer.getInteger("chaos.cuts-after-commit", 50),
          Integer.getInteger("chaos.database-kills", 10),
          Integer.getInteger("chaos.rolling", 50));
    }
  }

  static Plan fromProperties() {
    return new Plan(
        Integer.getInteger("chaos.kills", 200),
        Integer.getInteger("chaos.points", Integer.MAX_VALUE),
        Integer.getInteger("chaos.hits", 10),
        Integer.getInteger("chaos.images", 100),
        Integer.getInteger("chaos.terms", 50),
        Integer.getInteger("chaos.zombies", 5),
        OfReplicas.fromProperties(),
        Integer.getInteger("chaos.seeds", 100_000),
        Integer.getInteger("chaos.backlog", 1_000_000),
        Integer.getInteger("chaos.lives", 25),
        Arrays.stream(System.getProperty("chaos.only", "").split(",", -1))
            .map(String::trim)
            .filter(word -> !word.isEmpty())
            .collect(Collectors.toUnmodifiableSet()),
        Long.getLong("chaos.seed", System.nanoTime() % 1_000_000_000),
        Path.of(System.getProperty("chaos.directory", "target/chaos")).toAbsolutePath());
  }

  boolean wants(String scenario) {
    return only.isEmpty() || only.contains(scenario);
  }
}
