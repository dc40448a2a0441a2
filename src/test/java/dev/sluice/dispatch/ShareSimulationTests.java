package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** What replicas send under a shared limit, in as many worlds as there are seeds. */
class ShareSimulationTests {

  private static final int RUNS = Integer.getInteger("sluice.sim.seeds", 300);
  private static final Logger KEEPER = (Logger) LoggerFactory.getLogger(ShareKeeper.class);
  private static final AtomicReference<@Nullable Level> LEVEL = new AtomicReference<>();
  private static final long FIRST = Long.getLong("sluice.sim.first", 0);

  @Test
  void replicasTogetherKeepARateAndUseAllOfIt() {
    Long seed = Long.getLong("sluice.sim.seed");
    if (seed != null) {
      assertThat(ShareSimulation.run(seed, null, System.out::println)).isEmpty();
      return;
    }
    List<String> failures = new ArrayList<>();
    for (long i = FIRST; i < FIRST + RUNS; i++) {
      failures.addAll(ShareSimulation.run(i, null));
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void replicasTogetherKeepAConcurrencyAndEachHasItsTurn() {
    List<String> failures = new ArrayList<>();
    for (long i = FIRST; i < FIRST + RUNS / 3; i++) {
      failures.addAll(PlaceSimulation.run(i, null));
    }
    assertThat(failures).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(ShareMutation.class)
  void whatIsBrokenOnPurposeIsFound(ShareMutation mutation) {
    assertThat(LongStream.range(0, RUNS))
        .anyMatch(seed -> !ShareSimulation.run(seed, mutation).isEmpty());
  }

  @ParameterizedTest
  @EnumSource(
      value = ShareMutation.class,
      names = {"GROW_FIRST", "SHRINK_IN_THE_STORE_FIRST", "NEVER_END"})
  void whatIsBrokenOnPurposeIsFoundWithPlacesToo(ShareMutation mutation) {
    assertThat(LongStream.range(0, RUNS))
        .anyMatch(seed -> !PlaceSimulation.run(seed, mutation).isEmpty());
  }

  /** The network of these worlds is bad, and a keeper says so each time. */
  @BeforeAll
  static void silence() {
    LEVEL.set(KEEPER.getLevel());
    KEEPER.setLevel(Level.OFF);
  }

  @AfterAll
  static void speak() {
    KEEPER.setLevel(LEVEL.get());
  }
}
