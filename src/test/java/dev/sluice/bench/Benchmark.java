package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Measures Sluice against other senders and in the situations of its field; {@code ./mvnw -Pbench
 * verify} runs it.
 */
public final class Benchmark {

  private Benchmark() {}

  /** Runs every section that is wanted and writes the report. */
  public static void main(String[] args) throws IOException {
    Plan plan = Plan.fromProperties();
    Map<String, Section.Scenario> scenarios = scenarios();
    for (String name : plan.only()) {
      if (!scenarios.containsKey(name)) {
        throw new IllegalArgumentException(
            "bench.only names '%s'; there are %s".formatted(name, scenarios.keySet()));
      }
    }
    Files.createDirectories(plan.directory());
    Report report = new Report(plan.directory());
    for (Map.Entry<String, Section.Scenario> scenario : scenarios.entrySet()) {
      if (plan.wants(scenario.getKey())) {
        report.add(scenario.getValue().run(plan));
      }
    }
    report.close();
  }

  private static Map<String, Section.Scenario> scenarios() {
    Map<String, Section.Scenario> scenarios = new LinkedHashMap<>();
    scenarios.put("senders", plan -> new SenderComparison(plan, Cores.SHARED).run());
    scenarios.put("cores", plan -> new SenderComparison(plan, Cores.APART).run());
    scenarios.put("delivery", DeliveryCost::run);
    scenarios.put("protection", ProtectionCost::run);
    scenarios.put("start", StartUp::run);
    scenarios.put("connections", ConnectionReuse::run);
    scenarios.put("client", ClientTuning::run);
    scenarios.put("shards", ShardSizes::run);
    scenarios.put("ramp", StagedRamp::run);
    scenarios.put("inflight", ManyInFlight::run);
    scenarios.put("slow", SlowNeighbour::run);
    scenarios.put("limits", HiddenLimits::run);
    scenarios.put("rates", Rates::run);
    scenarios.put("hostile", HostileReplies::run);
    scenarios.put("million", MillionItems::run);
    scenarios.put("idle", IdleLatency::run);
    scenarios.put("intake", IntakeCost::run);
    scenarios.put("postgres", StoreComparison::run);
    scenarios.put("replicas", ThreeReplicas::run);
    scenarios.put("queues", JobQueues::run);
    scenarios.put("claims", ClaimBacklog::run);
    return scenarios;
  }
}
