package dev.sluice.chaos;

import dev.sluice.chaos.agent.Mutation;
import dev.sluice.chaos.agent.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/** What the laboratory tries; each gives a row of its table. One thread. */
final class Scenarios {

  private static final int KILL_MILLIS = 2_500;
  private static final int POWER_MILLIS = 2_000;
  private static final int CONTROL_IMAGES = 2;
  private static final int BROKEN_LIVES = 6;

  /** Two until its shard runs alone, two there, and bystanders before. */
  private static final int POISON_LIVES = 8;

  private final Plan plan;
  private int directories;

  Scenarios(Plan plan) {
    this.plan = plan;
  }

  /** Gives what is tried with several replicas, which may take so long. */
  ReplicaScenarios replicas(Harm.Limits limits) {
    return new ReplicaScenarios(plan, limits);
  }

  /** Gives the seed of a directory, the same whichever scenarios run beside it. */
  private long seed(Row row, int firstLife) {
    return (plan.seed() * 31 + row.scenario().hashCode()) * 31 + firstLife;
  }

  /** SIGKILL at random times, some of them while starting. */
  Row kills() throws IOException {
    return campaigns(
        new Row("SIGKILL at random times"),
        plan.kills(),
        Settings.USUAL,
        life -> new Endings.Kill(KILL_MILLIS, life % 6 == 5));
  }

  /** The end at named points. */
  Row points(List<Point> all) throws IOException {
    Random random = new Random(plan.seed());
    List<Point> drawn = new ArrayList<>(all);
    Collections.shuffle(drawn, random);
    List<Point> points = drawn.subList(0, Math.min(plan.points(), drawn.size()));
    List<Endings.Halt> halts = new ArrayList<>();
    for (int hit = 0; hit < plan.hits(); hit++) {
      for (Point point : points) {
        halts.add(new Endings.Halt(point, 1 + random.nextInt(point.most())));
      }
    }
    return campaigns(
        new Row("halt at %d points".formatted(points.size())),
        halts.size(),
        Settings.USUAL,
        life -> halts.get(life));
  }

  /** Images of the disk under load. */
  Row power() throws IOException {
    return onDisks(new Row("power loss"), plan.images(), null);
  }

  /** The same without syncs must lose what was accepted, or the images prove nothing. */
  Row control() throws IOException {
    Row row = onDisks(new Row("power loss, not synced"), CONTROL_IMAGES, "synchronous-normal");
    if (row.isSkipped()) {
      return row;
    }
    if (row.lost() == 0) {
      row.fault("Without syncs nothing was lost: the images show more than a disk would hold");
    }
    row.verdict("loses what it accepted, as it must");
    return row;
  }

  private Row onDisks(Row row, int images, @Nullable String mutation) throws IOException {
    String missing = Disk.missing(plan.directory());
    if (missing != null) {
      System.out.println("Skipped: " + missing);
      row.skip(missing);
      return row;
    }
    for (int done = 0; done < images; done += plan.lives()) {
      Path directory = next();
      try (Disk disk = Disk.mounted(directory, directory.resolve("data"))) {
        Ending ending = new Endings.PowerLoss(disk, POWER_MILLIS);
        campaign(
            row,
            directory,
            done,
            Math.min(plan.lives(), images - done),
            Settings.USUAL,
            mutation,
            _ -> ending);
        if (!row.isGood()) {
          disk.keep();
        }
      }
      if (row.isGood()) {
        FileSystemUtils.deleteRecursively(directory);
      }
    }
    return row;
  }

  /** SIGTERM under load. */
  Row terms() throws IOException {
    return campaigns(
        new Row("SIGTERM"), plan.terms(), Settings.USUAL, _ -> new Endings.Terminate());
  }

  /** SIGTERM with a drain that is too short. */
  Row cuts() throws IOException {
    return campaigns(
        new Row("SIGTERM, drain too short"),
        Math.ceilDiv(plan.terms(), 5),
        Settings.USUAL.withDrain(Duration.ofMillis(60)),
        _ -> new Endings.Terminate());
  }

  /** Processes that are stopped and go on. */
  Row zombies(Duration stopped) throws IOException {
    return campaigns(
        new Row("SIGSTOP for %d s, rival, SIGCONT".formatted(stopped.toSeconds())),
        plan.zombies(),
        Settings.USUAL,
        _ -> new Endings.Zombie(stopped));
  }

  /** An item that ends every process that sends it: it alone is found, and soon. */
  Row poison() throws IOException {
    Row row = new Row("poison");
    Path directory = next();
    try (Campaign campaign = new Campaign(directory, seed(row, 0), Settings.USUAL, null)) {
      campaign.cycle(new Endings.Kill(KILL_MILLIS, false));
      Endings.Poison ending = new Endings.Poison(campaign.poison());
      int lives = 0;
      while (!ending.isFound() && lives <= POISON_LIVES) {
        campaign.cycle(ending);
        lives++;
      }
      if (!ending.isFound()) {
        row.fault("An item ended " + lives + " processes and was not found");
      }
      row.add(campaign.finish());
    }
    if (row.isGood()) {
      FileSystemUtils.deleteRecursively(directory);
    }
    return row;
  }

  /** A build that is broken on purpose has to be noticed, by each of its nets. */
  Row mutation(Mutation mutation) throws IOException {
    Row row = new Row("broken: " + mutation.name());
    List<String> verdicts = new ArrayList<>();
    for (Mutation.Net net : mutation.nets()) {
      List<String> noticed = noticed(row, mutation, net);
      if (noticed.isEmpty() && !row.isSkipped()) {
        row.fault("Not noticed by " + net + ": " + mutation.meaning());
      } else if (!noticed.isEmpty()) {
        String first = noticed.getFirst().lines().findFirst().orElse("");
        verdicts.add("caught by " + net + ": " + first.substring(0, Math.min(110, first.length())));
      }
    }
    if (!row.isSkipped()) {
      row.verdict(String.join("; ", verdicts));
    }
    return row;
  }

  private List<String> noticed(Row row, Mutation mutation, Mutation.Net net) throws IOException {
    return switch (net) {
      case CONTRACT -> ContractRun.failures(mutation, Files.createDirectories(next()));
      case POWER -> faultsOf(onDisks(new Row(""), 2, mutation.name()), row);
      case KILL -> broken(row, mutation, _ -> new Endings.Kill(KILL_MILLIS, false));
      case TERM -> broken(row, mutation, _ -> new Endings.Terminate());
      case ZOMBIE -> broken(row, mutation, _ -> new Endings.Zombie(Duration.ofSeconds(1)));
      case REPLICA_KILL, REPLICA_ZOMBIE, PARTITION ->
          replicas(Harm.Limits.WHEREVER).broken(row, mutation, net);
    };
  }

  private static List<String> faultsOf(Row tried, Row row) {
    if (tried.isSkipped()) {
      row.skip("no loop mounts");
    }
    return tried.lost() > 0 ? List.of(tried.lost() + " accepted items lost") : tried.faults();
  }

  private List<String> broken(Row row, Mutation mutation, IntFunction<Ending> way)
      throws IOException {
    Path directory = next();
    try (Campaign campaign =
        new Campaign(directory, seed(row, 0), Settings.USUAL, mutation.name())) {
      for (int life = 0; life < BROKEN_LIVES && campaign.isGood(); life++) {
        campaign.cycle(way.apply(life));
      }
      Findings findings = campaign.finish();
      row.count(findings);
      if (findings.restarts().isEmpty()) {
        row.fault("It never became ready, and nothing was tried: " + findings.faults());
      }
      return findings.faults();
    } finally {
      FileSystemUtils.deleteRecursively(directory);
    }
  }

  private Row campaigns(Row row, int lives, Settings settings, IntFunction<Ending> way)
      throws IOException {
    for (int done = 0; done < lives; done += plan.lives()) {
      int first = done;
      Path directory = next();
      campaign(
          row,
          directory,
          first,
          Math.min(plan.lives(), lives - done),
          settings,
          null,
          life -> way.apply(first + life));
      System.out.printf(
          "%s: %d of %d%n", row.scenario(), Math.min(done + plan.lives(), lives), lives);
    }
    return row;
  }

  private void campaign(
      Row row,
      Path directory,
      int first,
      int lives,
      Settings settings,
      @Nullable String mutation,
      IntFunction<Ending> way)
      throws IOException {
    boolean good = false;
    try (Campaign campaign = new Campaign(directory, seed(row, first), settings, mutation)) {
      for (int life = 0; life < lives; life++) {
        campaign.cycle(way.apply(life));
      }
      Findings findings = campaign.finish();
      good = findings.isGood();
      if (mutation == null) {
        row.add(findings);
        findings.faults().forEach(System.out::println);
      } else {
        row.count(findings);
        good = true;
      }
    }
    if (good) {
      remove(directory);
    } else {
      row.fault(
          "Kept in %s; again with -Dchaos.seed=%d and the same counts"
              .formatted(directory, plan.seed()));
    }
  }

  /** Removes all but a mount, which its disk removes. */
  private static void remove(Path directory) throws IOException {
    if (!Signals.isMounted(directory.resolve("data"))) {
      FileSystemUtils.deleteRecursively(directory);
    }
  }

  private Path next() throws IOException {
    Path directory = plan.directory().resolve("run-" + ++directories);
    FileSystemUtils.deleteRecursively(directory);
    return Files.createDirectories(directory);
  }
}
