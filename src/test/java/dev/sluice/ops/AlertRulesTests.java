package dev.sluice.ops;

import static dev.sluice.ops.Chart.POSTGRESQL;
import static dev.sluice.ops.Chart.object;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.ops.Chart.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alerts of the chart: each tells what to do, counts what there is, and fires when it must. */
class AlertRulesTests {

  private static final String RULES = POSTGRESQL + "monitoring: {rules: {enabled: true}}\n";
  private static final Path TESTS = Path.of("src", "test", "promtool", "alerts.yaml");

  @TempDir Path directory;

  private Node spec;

  @BeforeEach
  void render() throws IOException {
    spec = object(Chart.render(RULES), "PrometheusRule/demo-sluice").at("spec");
    Promtool.write(directory, spec.value());
  }

  @Test
  void promtoolTakesTheRules() throws Exception {
    assertThat(Promtool.run(directory, "check", "rules", "rules.yaml")).contains("SUCCESS");
  }

  @Test
  void everyAlertFiresWhenItMustAndOnlyThen() throws Exception {
    Files.copy(TESTS, directory.resolve("alerts.yaml"));
    assertThat(Promtool.run(directory, "test", "rules", "alerts.yaml")).contains("SUCCESS");
  }

  @Test
  void everyAlertIsSeenFiring() throws IOException {
    String tests = Files.readString(TESTS);
    for (Node alert : alerts()) {
      assertThat(tests)
          .containsPattern(
              "alertname: " + alert.at("alert").value() + "\n +exp_alerts:\n +- exp_labels");
    }
  }

  @Test
  void everyAlertSaysHowBadItIsAndWhatToDo() throws IOException {
    String runbook = Files.readString(Path.of("src", "docs", "runbook.md"));
    assertThat(alerts()).hasSizeGreaterThan(12);
    for (Node alert : alerts()) {
      String name = (String) alert.at("alert").value();
      assertThat((String) alert.at("labels", "severity").value()).isIn("critical", "warning");
      assertThat((String) alert.at("annotations", "summary").value()).as(name).endsWith(".");
      assertThat(alert.at("annotations", "runbook_url").value())
          .isEqualTo("src/docs/runbook.md#" + name.toLowerCase(Locale.ROOT));
      assertThat(runbook).contains("\n## " + name + "\n");
    }
    Set<Object> there =
        alerts().stream().map(alert -> alert.at("alert").value()).collect(Collectors.toSet());
    assertThat(runbook.lines().filter(line -> line.startsWith("## Sluice")))
        .allMatch(line -> there.contains(line.substring(3)));
  }

  @Test
  void everyExpressionIsAboutThisReleaseAndCountsWhatThereIs() throws IOException {
    String documented = Files.readString(Path.of("src", "docs", "metrics.md"));
    Set<String> recorded =
        rules()
            .filter(rule -> rule.map().containsKey("record"))
            .map(rule -> (String) rule.at("record").value())
            .collect(Collectors.toSet());
    rules()
        .map(rule -> (String) rule.at("expr").value())
        .forEach(
            expression -> {
              for (String name : names(expression)) {
                assertThat(expression).contains(name + "{namespace=\"tools\",job=\"demo\"");
                assertThat(recorded.contains(name) || isMeasured(name, documented))
                    .as(name)
                    .isTrue();
              }
              assertThat(names(expression)).isNotEmpty();
            });
  }

  @Test
  void theNumberOfReplicasIsThatOfTheChart() {
    assertThat(missing(RULES + "replicas: 5")).endsWith(" < 5");
    assertThat(missing(RULES + "autoscaling: {enabled: true, minReplicas: 3}")).endsWith(" < 3");
    assertThat(missing(RULES + "keda: {enabled: true, minReplicas: 4}")).endsWith(" < 4");
    assertThat(missing("monitoring: {rules: {enabled: true}}")).endsWith(" < 1");
  }

  private static String missing(String values) {
    return object(Chart.render(values), "PrometheusRule/demo-sluice")
        .at("spec")
        .each("groups")
        .flatMap(group -> group.each("rules"))
        .filter(rule -> "SluiceReplicaMissing".equals(rule.map().get("alert")))
        .map(rule -> (String) rule.at("expr").value())
        .findFirst()
        .orElseThrow();
  }

  /** Gives the metrics of an expression: what stands before a brace. */
  private static Set<String> names(String expression) {
    return Pattern.compile("([a-z][a-z0-9_:]+)\\{")
        .matcher(expression)
        .results()
        .map(result -> result.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean isMeasured(String name, String documented) {
    return name.equals("up")
        || documented.contains("`" + name.replaceFirst("_(bucket|count|sum)$", "") + "`")
        || Stream.of("http_server_requests_", "logback_events_total")
            .anyMatch(family -> name.startsWith(family) && documented.contains("`" + family));
  }

  private List<Node> alerts() {
    return rules().filter(rule -> rule.map().containsKey("alert")).toList();
  }

  private Stream<Node> rules() {
    return spec.each("groups").flatMap(group -> group.each("rules"));
  }
}
