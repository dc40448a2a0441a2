package dev.sluice.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** More and more in flight until it gains nothing. */
final class StagedRamp {

  private static final List<Integer> STEPS = List.of(8, 16, 32, 64, 128, 256, 512, 1000);
  private static final Duration DELAY = Duration.ofMillis(20);
  private static final double STEP_SECONDS = 2;
  private static final double WORTH_IT = 1.1;
  private static final int MOST_ROUNDS = 3;

  private final Plan plan;
  private final List<Measured> steps = new ArrayList<>();

  private StagedRamp(Plan plan) {
    this.plan = plan;
  }

  /** Runs it against a destination that takes 20 ms. */
  static Section run(Plan plan) throws IOException {
    StagedRamp ramp = new StagedRamp(plan);
    try (RunDirectory directory = RunDirectory.of(plan, "ramp");
        SinkProcess sink = SinkProcess.start(Cores.SHARED, 1, DELAY);
        SluiceContender contender =
            new SluiceContender(
                SluiceContender.prepare(directory.path(), STEPS.getLast(), Cores.SHARED).start(),
                sink.url(),
                plan.bodyBytes())) {
      contender.send(Math.max(1, plan.warmUpItems()), STEPS.getLast());
      ramp.climb(contender);
    }
    return ramp.section();
  }

  private void climb(SluiceContender contender) {
    for (int concurrency : STEPS) {
      Measured step = new Measured(Integer.toString(concurrency));
      for (int round = 0; round < Math.min(MOST_ROUNDS, plan.rounds()); round++) {
        step.add(
            contender
                .send(items(concurrency), "concurrency=" + concurrency)
                .getLast()
                .withoutErrors(),
            ProcessCost.peakResidentMebibytes(contender.pid()));
      }
      steps.add(step);
      if (steps.size() > 1 && speed(step) < WORTH_IT * speed(steps.get(steps.size() - 2))) {
        return;
      }
    }
  }

  /** Gives how many items a step sends when nothing but the destination takes time. */
  private int items(int concurrency) {
    double most = concurrency / (DELAY.toMillis() / 1e3) * STEP_SECONDS;
    return (int) Math.min(plan.items(), most);
  }

  private static double speed(Measured step) {
    return step.median(Round::itemsPerSecond);
  }

  /** Gives the position of the step before the one that gained too little; -1 without one. */
  private int knee() {
    int last = steps.size() - 1;
    return last > 0 && speed(steps.get(last)) < WORTH_IT * speed(steps.get(last - 1))
        ? last - 1
        : -1;
  }

  private Section section() {
    int knee = knee();
    Section.Table table =
        new Section.Table(
            "in flight", "items/s", "÷ ideal", "p50 ms", "p99 ms", "CPU µs/item", "errors", "");
    List<double[]> points = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      Measured step = steps.get(i);
      int concurrency = STEPS.get(i);
      points.add(new double[] {concurrency, speed(step)});
      table.row(
          step.name(),
          Section.number(speed(step)),
          Section.number(speed(step) * DELAY.toMillis() / 1e3 / concurrency),
          Section.number(step.median(round -> round.exchange().p50())),
          Section.number(step.median(round -> round.exchange().p99())),
          Section.number(step.median(Round::cpuMicrosPerItem)),
          Long.toString(step.errors()),
          i == knee ? "knee" : "");
    }
    List<Chart.Line> lines = new ArrayList<>();
    lines.add(new Chart.Line("Sluice, dispatch only", points));
    if (knee >= 0) {
      lines.add(new Chart.Line("knee: " + STEPS.get(knee), List.of(points.get(knee))));
    }
    return new Section(
            "Staged ramp",
            ("A destination answers after %d ms, and Sluice may have twice as much in flight from"
                    + " step to step, until a step gains less than a tenth. The knee is the last step"
                    + " that was worth it: behind it more in flight only makes each exchange take"
                    + " longer. Ideal is what the delay alone would allow. Dispatch only, median of %d"
                    + " rounds, %s s each at the ideal speed.%s")
                .formatted(
                    DELAY.toMillis(),
                    Math.min(MOST_ROUNDS, plan.rounds()),
                    Section.number(STEP_SECONDS),
                    knee >= 0 ? "" : " Here every step was worth it: there is no knee."))
        .add(table)
        .add(Chart.lines("Speed over items in flight", "in flight", "items/s", lines));
  }
}
