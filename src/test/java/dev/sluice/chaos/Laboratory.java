package dev.sluice.chaos;

import dev.sluice.chaos.agent.Mutation;
import dev.sluice.chaos.agent.Mutations;
import dev.sluice.chaos.agent.Points;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Ends Sluice in every way and checks what is left; {@code ./mvnw -Pchaos verify} runs it. */
public final class Laboratory {

  private static final Duration STOPPED = Duration.ofSeconds(15);

  private Laboratory() {}

  /** A part of the laboratory. */
  @FunctionalInterface
  private interface Part {
    Row run() throws IOException;
  }

  /** Runs every part that is wanted, prints the table, and fails when there is a fault. */
  public static void main(String[] args) throws IOException {
    Plan plan = Plan.fromProperties();
    Files.createDirectories(plan.directory());
    System.out.println("Crash laboratory, seed " + plan.seed());
    List<Row> rows = new ArrayList<>();
    for (Map.Entry<String, Part> part : wanted(plan).entrySet()) {
      long began = System.nanoTime();
      Row row = part.getValue().run();
      rows.add(row);
      long seconds = Duration.ofNanos(System.nanoTime() - began).toSeconds();
      System.out.printf("%n%s, %d s%n%s", part.getKey(), seconds, Row.table(List.of(row)));
      row.faults().forEach(System.out::println);
    }
    System.out.println("\nCrash laboratory, seed " + plan.seed() + "\n\n" + Row.table(rows));
    if (!rows.stream().allMatch(Row::isGood)) {
      System.exit(1);
    }
  }

  private static Map<String, Part> wanted(Plan plan) {
    Map<String, Part> parts = parts(plan, new Scenarios(plan));
    for (String name : plan.only()) {
      if (!parts.containsKey(name)) {
        throw new IllegalArgumentException(
            "chaos.only names '%s'; there are %s".formatted(name, parts.keySet()));
      }
    }
    parts.keySet().removeIf(name -> !plan.wants(name));
    return parts;
  }

  private static Map<String, Part> parts(Plan plan, Scenarios scenarios) {
    Map<String, Part> parts = new LinkedHashMap<>();
    parts.put("simulation", () -> Simulated.run(plan.seed(), plan.seeds()));
    parts.put("backlog", () -> Backlog.run(plan.directory().resolve("backlog"), plan.backlog()));
    parts.put("kills", scenarios::kills);
    parts.put("points", () -> scenarios.points(Points.all()));
    parts.put("power", scenarios::power);
    parts.put("control", scenarios::control);
    parts.put("terms", scenarios::terms);
    parts.put("cuts", scenarios::cuts);
    parts.put("zombies", () -> scenarios.zombies(STOPPED));
    parts.put("poison", scenarios::poison);
    ReplicaScenarios replicas = scenarios.replicas(Harm.Limits.TARGETS);
    parts.put("replica-kills", replicas::kills);
    parts.put("replica-zombies", replicas::zombies);
    parts.put("partitions", replicas::partitions);
    parts.put("cuts-after-commit", replicas::cutsAfterCommit);
    parts.put("database-kills", replicas::databaseKills);
    parts.put("rolling", replicas::rolling);
    for (Mutation mutation : Mutations.all()) {
      parts.put(mutation.name(), () -> scenarios.mutation(mutation));
    }
    return parts;
  }
}
