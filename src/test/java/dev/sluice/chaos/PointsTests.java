package dev.sluice.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.SluiceApplication;
import dev.sluice.chaos.agent.Change;
import dev.sluice.chaos.agent.ChaosAgent;
import dev.sluice.chaos.agent.Mutation;
import dev.sluice.chaos.agent.Mutations;
import dev.sluice.chaos.agent.Point;
import dev.sluice.chaos.agent.Points;
import dev.sluice.chaos.agent.Rewriting;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the agent changes is there: a name that changes in the code breaks here, not in silence. */
class PointsTests {

  @Test
  void thereAreThirtyPointsOrMoreWithNamesOfTheirOwn() {
    List<String> names = Points.all().stream().map(Point::name).toList();

    assertThat(names).hasSizeGreaterThanOrEqualTo(30).doesNotHaveDuplicates();
  }

  @Test
  void thereAreTenMutationsOrMoreWithNamesOfTheirOwn() {
    List<String> names = Mutations.all().stream().map(Mutation::name).toList();

    assertThat(names).hasSizeGreaterThanOrEqualTo(10).doesNotHaveDuplicates();
  }

  static List<Point> points() {
    return Points.all();
  }

  @ParameterizedTest
  @MethodSource("points")
  void everyPointIsInTheCode(Point point) throws IOException {
    Rewriting rewriting = rewriting(point.place().className()).reach(point.place());

    assertThat(rewriting.changeCount()).isPositive();
    assertThat(ClassFile.of().verify(rewriting.bytes())).isEmpty();
  }

  static Stream<Mutation> mutations() {
    return Stream.concat(Mutations.all().stream(), Stream.of(Mutations.UNGUARDED));
  }

  @ParameterizedTest
  @MethodSource("mutations")
  void everyMutationChangesTheCode(Mutation mutation) throws IOException {
    for (Change change : mutation.changes()) {
      Rewriting rewriting = rewriting(change.className()).apply(change);

      assertThat(rewriting.changeCount()).as("%s", change).isPositive();
      assertThat(ClassFile.of().verify(rewriting.bytes())).isEmpty();
    }
  }

  @Test
  void theAgentIsShownEveryAttempt() throws IOException {
    Rewriting rewriting = rewriting(ChaosAgent.ATTEMPTER).show(ChaosAgent.ATTEMPTER, "attempt", 0);

    assertThat(rewriting.changeCount()).isOne();
    assertThat(ClassFile.of().verify(rewriting.bytes())).isEmpty();
  }

  @Test
  void theManualListsEveryMutationAndCountsThePoints() throws IOException {
    String readme = Files.readString(Path.of("README.md"));

    assertThat(readme).contains("each of " + Points.all().size() + " points");
    assertThat(Mutations.all())
        .allSatisfy(mutation -> assertThat(readme).contains("| `" + mutation.name() + "` | "));
  }

  private static Rewriting rewriting(String className) throws IOException {
    ClassLoader loader = SluiceApplication.class.getClassLoader();
    try (InputStream file = loader.getResourceAsStream(className.replace('.', '/') + ".class")) {
      assertThat(file).as(className).isNotNull();
      return new Rewriting(loader, file.readAllBytes());
    }
  }
}
