package dev.sluice.dispatch;

import dev.sluice.dispatch.LaneScenario.Expectation;
import dev.sluice.model.BatchOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs a scenario on simulated time and measures what its expectations ask for. */
final class LaneSimulation {

  private static final Duration STEP = Duration.ofMillis(10);
  private static final int STOCK = 1000;
  private static final int DELIVERY = 500;

  private record Sample(
      long nanos, int inFlight, int limit, long begun, long succeeded, long refused, long rival) {}

  private final LaneScenario scenario;
  private final LaneBench bench;
  private final SimulatedDestination destination;
  private final SimulatedDestination.Sender own;
  private final Lane lane;
  private final List<Sample> samples = new ArrayList<>();
  private double offered;

  /**
   * @param limit put in the place of the lane's own; null leaves that
   */
  LaneSimulation(LaneScenario scenario, @Nullable ConcurrencyLimit limit) {
    this.scenario = scenario;
    bench = new LaneBench("--adaptive", "--payload-share=0.5");
    destination = new SimulatedDestination(bench, scenario.phases());
    own = destination.new Sender();
    lane =
        limit == null
            ? bench.lane(own::attempt)
            : bench.lane(own::attempt, new LaneLimits(bench.context(), limit));
  }

  /** Runs it; gives what did not hold, empty when all did. */
  List<String> run() {
    SimulatedDestination.Sender rival = scenario.rival() ? destination.new Sender() : null;
    Lane rivalLane = rival == null ? null : bench.lane(rival::attempt);
    for (long at = 0; at < scenario.duration().toNanos(); at += STEP.toNanos()) {
      supply(lane, scenario.offered());
      if (rivalLane != null) {
        supply(rivalLane, null);
      }
      bench.advance(STEP);
      samples.add(
          new Sample(
              bench.nanos(),
              own.inFlight,
              lane.snapshot().concurrencyLimit(),
              own.begun,
              own.succeeded,
              own.refused,
              rival == null ? 0 : rival.succeeded));
      if (at % 1_000_000_000 == 0) {
        lane.tidy();
      }
    }
    return scenario.expect().stream().map(this::check).filter(failure -> failure != null).toList();
  }

  private void supply(Lane to, @Nullable Integer perSecond) {
    if (perSecond != null) {
      offered += perSecond * STEP.toNanos() / 1e9;
      int whole = (int) offered;
      if (whole > 0) {
        offered -= whole;
        bench.add(to, whole, BatchOptions.DEFAULT, null, Map.of());
      }
    } else if (to.snapshot().backlogCount() < STOCK) {
      bench.add(to, DELIVERY, BatchOptions.DEFAULT, null, Map.of());
    }
  }

  private @Nullable String check(Expectation expectation) {
    double value = measure(expectation);
    return expectation.holds(value)
        ? null
        : "%s from %s to %s is %.3f, not %s to %s"
            .formatted(
                expectation.measure(),
                expectation.from(),
                expectation.to(),
                value,
                expectation.min(),
                expectation.max());
  }

  private double measure(Expectation expectation) {
    List<Sample> within =
        samples.stream()
            .filter(
                s ->
                    s.nanos >= expectation.from().toNanos()
                        && s.nanos <= expectation.to().toNanos())
            .toList();
    Sample first = within.getFirst();
    Sample last = within.getLast();
    double seconds = (last.nanos - first.nanos) / 1e9;
    long succeeded = last.succeeded - first.succeeded;
    return switch (expectation.measure()) {
      case IN_FLIGHT -> within.stream().mapToInt(Sample::inFlight).average().orElseThrow();
      case MOST_IN_FLIGHT -> within.stream().mapToInt(Sample::inFlight).max().orElseThrow();
      case LIMIT -> within.stream().mapToInt(Sample::limit).average().orElseThrow();
      case RATE -> succeeded / seconds;
      case REFUSED ->
          (double) (last.refused - first.refused) / Math.max(1, last.begun - first.begun);
      case SHARE -> (double) succeeded / Math.max(1, succeeded + last.rival - first.rival);
      case ATTEMPTS -> (last.begun - first.begun) / seconds;
    };
  }

  /** Gives the limit over time, for a person who wonders what it did. */
  String trace() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < samples.size(); i += 50) {
      Sample s = samples.get(i);
      text.append("%.1f s: limit %d, in flight %d%n".formatted(s.nanos / 1e9, s.limit, s.inFlight));
    }
    return text.toString();
  }
}
