package dev.sluice.chaos;

import dev.sluice.dispatch.DispatchSimulation;

/** The dispatch core in simulated worlds. */
final class Simulated {

  private Simulated() {}

  /** Runs the seeds from {@code firstSeed} on. */
  static Row run(long firstSeed, int seeds) {
    Row row = new Row("simulated worlds");
    DispatchSimulation.Result result = DispatchSimulation.run(firstSeed, seeds);
    System.out.println(result);
    row.simulated(result.runCount(), result.itemCount());
    result.failures().forEach(failure -> row.fault(failure.toString()));
    return row;
  }
}
