package dev.sluice.chaos;

import dev.sluice.chaos.Harm.Limits;
import dev.sluice.chaos.ReplicaCampaign.Site;
import dev.sluice.chaos.agent.Mutation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.springframework.util.FileSystemUtils;

/** What the laboratory tries with several replicas on one PostgreSQL. One thread. */
final class ReplicaScenarios {

  private final Plan plan;
  private final Limits limits;
  private int directories;

  ReplicaScenarios(Plan plan, Limits limits) {
    this.plan = plan;
    this.limits = limits;
  }

  private Site site(int count) {
    return new Site(count, false, false, Settings.REPLICAS, limits);
  }

  private Site proxied(int count, Settings settings) {
    return new Site(count, true, false, settings, limits);
  }

  /** SIGKILL at random times; one of three waits until peers have taken over. */
  Row kills() throws IOException {
    return campaigns(
        new Row("3 replicas, SIGKILL of one"),
        plan.replicas().kills(),
        site(3),
        () -> cycle -> new Harms.Kill(cycle % 3 == 0));
  }

  /** Replicas that stand still until they are taken for dead. */
  Row zombies() throws IOException {
    return campaigns(
        new Row("3 replicas, SIGSTOP of one"),
        plan.replicas().zombies(),
        site(3),
        () -> _ -> new Harms.Zombie());
  }

  /** Replicas that do not reach the database. */
  Row partitions() throws IOException {
    return campaigns(
        new Row("3 replicas, one cut off"),
        plan.replicas().partitions(),
        proxied(3, Settings.ROOMY_REPLICAS),
        () -> _ -> new Harms.Partition());
  }

  /** Commits that took effect, and nobody was told. */
  Row cutsAfterCommit() throws IOException {
    return campaigns(
        new Row("2 replicas, cut after COMMIT"),
        plan.replicas().cuts(),
        proxied(2, Settings.REPLICAS),
        () -> _ -> new Harms.LostCommit());
  }

  /** The end of the database itself. */
  Row databaseKills() throws IOException {
    return campaigns(
        new Row("2 replicas, SIGKILL of the database"),
        plan.replicas().databaseKills(),
        new Site(2, false, true, Settings.REPLICAS, limits),
        () -> _ -> new Harms.DatabaseKill());
  }

  /** SIGTERM of one after the other. */
  Row rolling() throws IOException {
    return campaigns(
        new Row("2 replicas, rolling restart"),
        plan.replicas().rolling(),
        site(2),
        ReplicaScenarios::rollingRestart);
  }

  /** A rolling restart and kills of the same three replicas, which saves starts. */
  Row rollingAndKills() throws IOException {
    int kills = plan.replicas().kills();
    return campaigns(
        new Row("3 replicas, rolling restart, SIGKILL"),
        kills + plan.replicas().rolling(),
        site(3),
        () -> {
          IntFunction<Harm> rolling = rollingRestart();
          return cycle -> cycle < kills ? new Harms.Kill(cycle > 0) : rolling.apply(cycle);
        });
  }

  private static IntFunction<Harm> rollingRestart() {
    Harm rolling = new Harms.Rolling();
    return _ -> rolling;
  }

  /** Gives what was noticed of a build that is broken on purpose. */
  List<String> broken(Row row, Mutation mutation, Mutation.Net net) throws IOException {
    return switch (net) {
      // It stops at the first that is noticed; three were too few once for what only a kill between
      // an
      // intent and its outcome shows.
      case REPLICA_KILL -> broken(row, mutation, site(3), 12, new Harms.Kill(true));
      case REPLICA_ZOMBIE -> broken(row, mutation, site(3), 2, new Harms.Zombie());
      case PARTITION ->
          broken(row, mutation, proxied(3, Settings.ROOMY_REPLICAS), 1, new Harms.Partition());
      case KILL, TERM, POWER, ZOMBIE, CONTRACT ->
          throw new IllegalArgumentException(net + " is no net of replicas");
    };
  }

  private List<String> broken(Row row, Mutation mutation, Site site, int cycles, Harm harm)
      throws IOException {
    Path directory = next();
    try (ReplicaCampaign campaign =
        new ReplicaCampaign(directory, seed(row, 0), site, mutation.name())) {
      for (int cycle = 0; cycle < cycles && campaign.isGood(); cycle++) {
        campaign.cycle(harm);
      }
      Findings findings = campaign.finish();
      row.count(findings);
      return findings.faults();
    } finally {
      FileSystemUtils.deleteRecursively(directory);
    }
  }

  private Row campaigns(Row row, int cycles, Site site, Supplier<IntFunction<Harm>> ways)
      throws IOException {
    for (int done = 0; done < cycles; done += plan.lives()) {
      int most = Math.min(plan.lives(), cycles - done);
      campaign(row, done, most, site, ways.get());
      System.out.printf("%s: %d of %d%n", row.scenario(), done + most, cycles);
    }
    return row;
  }

  private void campaign(Row row, int first, int cycles, Site site, IntFunction<Harm> way)
      throws IOException {
    Path directory = next();
    boolean good;
    try (ReplicaCampaign campaign = new ReplicaCampaign(directory, seed(row, first), site, null)) {
      for (int cycle = 0; cycle < cycles; cycle++) {
        campaign.cycle(way.apply(cycle));
      }
      Findings findings = campaign.finish();
      row.add(findings);
      good = findings.isGood();
      System.out.println(row.scenario() + ": " + campaign.calls());
    }
    if (good) {
      FileSystemUtils.deleteRecursively(directory);
    } else {
      row.fault(
          "Kept in %s; again with -Dchaos.seed=%d and the same counts"
              .formatted(directory, plan.seed()));
    }
  }

  /** Gives the seed of a directory, the same whichever scenarios run beside it. */
  private long seed(Row row, int firstCycle) {
    return (plan.seed() * 31 + row.scenario().hashCode()) * 31 + firstCycle;
  }

  private Path next() throws IOException {
    Path directory = plan.directory().resolve("replicas-" + ++directories);
    FileSystemUtils.deleteRecursively(directory);
    return Files.createDirectories(directory);
  }
}
