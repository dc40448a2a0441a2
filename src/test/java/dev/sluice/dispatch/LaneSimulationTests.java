package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.dispatch.LaneScenario.BrokenLimit;
import dev.sluice.model.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/**
 * What a lane makes of destinations that behave as destinations do, and that each scenario notices
 * a limit that is wrong.
 */
class LaneSimulationTests {

  private static final int CEILING = 200;

  private static Stream<Resource> files() {
    try {
      return Arrays.stream(
              new PathMatchingResourcePatternResolver()
                  .getResources("classpath:lane-simulations/*.yaml"))
          .sorted(Comparator.comparing(Resource::getFilename));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static LaneScenario scenario(Resource file) {
    try {
      var source = new YamlPropertySourceLoader().load(file.getFilename(), file).getFirst();
      return new Binder(ConfigurationPropertySources.from(source))
          .bind("scenario", LaneScenario.class)
          .get();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void thereAreEnoughOfThem() {
    assertThat(files()).hasSizeGreaterThanOrEqualTo(14);
  }

  @TestFactory
  Stream<DynamicTest> theLaneFindsItsLimit() {
    return files()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    file.getFilename(),
                    () -> {
                      LaneScenario scenario = scenario(file);
                      LaneSimulation simulation = new LaneSimulation(scenario, null);
                      assertThat(simulation.run())
                          .as(() -> scenario.description() + "\n" + simulation.trace())
                          .isEmpty();
                    }));
  }

  @TestFactory
  Stream<DynamicTest> eachScenarioNoticesWhatIsBroken() {
    return files()
        .flatMap(
            file -> {
              LaneScenario scenario = scenario(file);
              assertThat(scenario.caught()).as(file.getFilename()).isNotEmpty();
              return scenario.caught().stream()
                  .map(
                      broken ->
                          DynamicTest.dynamicTest(
                              file.getFilename() + " " + broken,
                              () ->
                                  assertThat(new LaneSimulation(scenario, limit(broken)).run())
                                      .isNotEmpty()));
            });
  }

  private static ConcurrencyLimit limit(BrokenLimit broken) {
    return switch (broken) {
      case STAYS_SMALL -> ConcurrencyLimit.fixed(8);
      case STAYS_LARGE -> ConcurrencyLimit.fixed(CEILING);
      case BLIND_TO_REFUSALS, BLIND_TO_LATENCY, GROWS_UNASKED, PANICS ->
          new BrokenAdaptiveLimit(broken);
    };
  }

  /** The real limit, told lies of one kind. */
  private static final class BrokenAdaptiveLimit implements ConcurrencyLimit {

    private static final Verdict REPLY = new Verdict.Succeeded(new Verdict.Reply(200, null));

    private final BrokenLimit broken;
    private AdaptiveLimit limit = fresh(8);

    BrokenAdaptiveLimit(BrokenLimit broken) {
      this.broken = broken;
    }

    private static AdaptiveLimit fresh(int initial) {
      return new AdaptiveLimit(initial, 1, CEILING, () -> false, 0);
    }

    @Override
    public int current() {
      return limit.current();
    }

    @Override
    public void ended(Verdict verdict, long startedNanos, long endedNanos, int inFlight) {
      boolean good = verdict instanceof Verdict.Succeeded;
      switch (broken) {
        case BLIND_TO_REFUSALS -> limit.ended(REPLY, startedNanos, endedNanos, inFlight);
        case BLIND_TO_LATENCY -> limit.ended(verdict, endedNanos - 1_000_000, endedNanos, inFlight);
        case GROWS_UNASKED -> limit.ended(verdict, startedNanos, endedNanos, CEILING);
        case PANICS -> {
          if (good) {
            limit.ended(verdict, startedNanos, endedNanos, inFlight);
          } else {
            limit = fresh(1);
          }
        }
        default -> throw new IllegalArgumentException(broken.name());
      }
    }

    @Override
    public void recovered(long now) {
      limit.recovered(now);
    }

    @Override
    public int lastGood() {
      return limit.lastGood();
    }
  }
}
