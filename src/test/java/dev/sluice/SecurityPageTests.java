package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page about threats names tests that exist, for every requirement. */
class SecurityPageTests {

  private static final Path PAGE = Path.of("src/docs/security.md");

  private static List<String> matches(String pattern) throws IOException {
    return Pattern.compile(pattern, Pattern.MULTILINE)
        .matcher(Files.readString(PAGE))
        .results()
        .map(MatchResult::group)
        .toList();
  }

  @Test
  void everyTestOfThePageExists() throws IOException {
    Set<String> existing;
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      existing =
          files
              .map(file -> file.getFileName().toString().replace(".java", ""))
              .collect(Collectors.toSet());
    }
    List<String> named = matches("(?<=`)[A-Z]\\w+(Tests|IT)(?=`)");
    assertThat(named).hasSizeGreaterThan(40);
    assertThat(existing).containsAll(named);
  }

  @Test
  void everyThreatHasAControlAndATest() throws IOException {
    List<String> threats =
        matches("^\\| .*\\|$").stream().filter(row -> !row.contains("threat")).toList();
    assertThat(threats)
        .hasSizeGreaterThan(30)
        .allSatisfy(row -> assertThat(row.split("\\|", -1)).hasSize(6))
        .allSatisfy(row -> assertThat(row).containsPattern("(Tests|IT)`|run by hand"));
  }

  @Test
  void everyRequirementHasAThreat() throws IOException {
    assertThat(matches("(?<=^\\| )S\\d+(?= \\|)"))
        .containsAll(IntStream.rangeClosed(1, 14).mapToObj(number -> "S" + number).toList());
  }
}
