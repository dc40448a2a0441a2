package dev.sluice.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.chaos.agent.Mutations;
import dev.sluice.chaos.agent.Points;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of the crash laboratory; {@code ./mvnw -Pchaos verify} is the long one. */
class CrashLaboratoryIT {

  @TempDir Path directory;

  private Scenarios laboratory() {
    return new Scenarios(
        new Plan(
            2,
            52,
            1,
            2,
            1,
            1,
            new Plan.OfReplicas(2, 0, 0, 0, 0, 3),
            0,
            0,
            25,
            Set.of(),
            Long.getLong("chaos.seed", 5L),
            directory));
  }

  private static void holds(Row row) {
    System.out.println(Row.table(List.of(row)));
    assumeThat(row.isSkipped()).as("%s", row).isFalse();
    assertThat(row.faults()).isEmpty();
  }

  @Test
  void nothingIsLostBySigkillAtRandomTimes() throws IOException {
    holds(laboratory().kills());
  }

  @Test
  void nothingIsLostByAHaltAtAPoint() throws IOException {
    holds(
        laboratory()
            .points(
                Stream.of(
                        "commit.after",
                        "send.writing",
                        "takeover.step",
                        "seal.after",
                        "stop.given-back")
                    .map(Points::named)
                    .toList()));
  }

  @Test
  void nothingIsLostByALossOfPower() throws IOException {
    holds(laboratory().power());
  }

  @Test
  void aStoreThatDoesNotSyncLosesWhatItAccepted() throws IOException {
    holds(laboratory().control());
  }

  @Test
  void nothingIsSentTwiceBySigterm() throws IOException {
    holds(laboratory().terms());
  }

  @Test
  void aStoppedProcessKeepsItsDirectoryAndGoesOn() throws IOException {
    holds(laboratory().zombies(Duration.ofSeconds(2)));
  }

  @Test
  void nothingIsLostByRollingRestartsAndSigkillOfReplicas() throws IOException {
    holds(laboratory().replicas(Harm.Limits.WHEREVER).rollingAndKills());
  }

  @Test
  void aBrokenBuildIsNoticed() throws IOException {
    holds(laboratory().mutation(Mutations.named("convict-at-once")));
  }
}
