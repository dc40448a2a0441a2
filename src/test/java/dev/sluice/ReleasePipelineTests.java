package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** The pipeline runs what the README tells people to run. */
class ReleasePipelineTests {

  private final Map<String, Map<String, Object>> jobs = jobs();

  @Test
  void everyJobFollowsOneThatIsThere() {
    assertThat(jobs).containsOnlyKeys("test", "image", "staging", "production");
    jobs.values()
        .forEach(
            job -> {
              if (job.get("needs") instanceof String needed) {
                assertThat(jobs).containsKey(needed);
              }
            });
  }

  @Test
  void everyScriptIsThere() {
    List<String> scripts =
        commands().stream()
            .flatMap(
                command ->
                    Pattern.compile("(?:^|[\\s=])((?:\\.ci|src|helm)/[a-z/.]+)")
                        .matcher(command)
                        .results()
                        .map(use -> use.group(1)))
            .toList();
    assertThat(scripts).contains(".ci/run", "src/test/drill/drill.sh", "src/test/image/try.sh");
    assertThat(scripts).allMatch(script -> Files.exists(Path.of(script)));
  }

  @Test
  void theReadmeHasTheSameCommands() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    for (String words :
        List.of(
            "docker build -t sluice .",
            "src/test/image/try.sh sluice",
            "helm test sluice --logs",
            "helm rollback sluice")) {
      assertThat(commands()).anyMatch(command -> command.contains(words));
      assertThat(readme).contains(words);
    }
    assertThat(Files.readString(Path.of(".ci/run"))).contains(" verify");
    assertThat(readme).contains("./mvnw verify");
  }

  private List<String> commands() {
    List<String> commands = new ArrayList<>();
    for (Map<String, Object> job : jobs.values()) {
      for (Object step : (List<?>) Objects.requireNonNull(job.get("steps"))) {
        if (((Map<?, ?>) step).get("run") instanceof String run) {
          commands.add(run);
        }
      }
    }
    return commands;
  }

  private static Map<String, Map<String, Object>> jobs() {
    try {
      Map<String, Map<String, Map<String, Object>>> pipeline =
          new Yaml().load(Files.readString(Path.of(".github/workflows/release.yml")));
      return Objects.requireNonNull(pipeline.get("jobs"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
