package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ops.Chart.Node;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The dashboard loads without edits and shows nothing that nobody measures. */
@SpringBootTest(
    classes = OpsTestApplication.class,
    webEnvironment = WebEnvironment.RANDOM_PORT,
    properties = {
      "management.server.port=0",
      "sluice.ops.refresh=1h",
      "sluice.ops.health-timeout=200ms"
    })
class DashboardTests {

  @LocalServerPort int apiPort;
  @LocalManagementPort int managementPort;
  @Autowired MeterRefresh refresh;

  @TempDir Path directory;

  private final JsonNode dashboard = rendered();

  private static JsonNode rendered() {
    Map<String, Node> objects = Chart.render("monitoring: {dashboard: {enabled: true}}");
    Node config = Chart.object(objects, "ConfigMap/demo-sluice-dashboard");
    assertThat(config.at("metadata", "labels", "grafana_dashboard").value()).isEqualTo("1");
    return JsonMapper.builder().build().readTree((String) config.at("data", "sluice.json").value());
  }

  @Test
  void everyVariableIsDefined() {
    Set<String> defined =
        dashboard.path("templating").path("list").values().stream()
            .map(variable -> variable.path("name").asString())
            .collect(Collectors.toSet());
    assertThat(defined).containsExactlyInAnyOrder("datasource", "namespace", "job");
    assertThat(dashboard.path("templating").path("list").path(0).path("type").asString())
        .as("the others ask it")
        .isEqualTo("datasource");
    Pattern.compile("\\$\\{?([a-z]+)\\b")
        .matcher(dashboard.toString())
        .results()
        .forEach(use -> assertThat(defined).contains(use.group(1)));
    for (JsonNode target : targets()) {
      assertThat(target.path("datasource").path("uid").asString()).isEqualTo("${datasource}");
      assertThat(target.path("expr").asString()).contains("namespace=\"$namespace\",job=\"$job\"");
    }
  }

  @Test
  void panelsStandBesideEachOther() {
    Set<String> taken = new HashSet<>();
    Set<Integer> ids = new HashSet<>();
    for (JsonNode panel : dashboard.path("panels")) {
      assertThat(ids.add(panel.path("id").asInt())).isTrue();
      assertThat(panel.path("title").asString()).isNotBlank();
      JsonNode place = panel.path("gridPos");
      for (int x = 0; x < place.path("w").asInt(); x++) {
        for (int y = 0; y < place.path("h").asInt(); y++) {
          int column = place.path("x").asInt() + x;
          assertThat(column).isLessThan(24);
          assertThat(taken.add(column + "/" + (place.path("y").asInt() + y)))
              .as(panel.path("title").asString())
              .isTrue();
        }
      }
    }
    assertThat(ids).hasSizeGreaterThan(30);
  }

  @Test
  void promtoolTakesEveryExpression() throws Exception {
    List<Map<String, String>> rules = new ArrayList<>();
    for (JsonNode target : targets()) {
      rules.add(
          Map.of(
              "record",
              "r" + rules.size(),
              "expr",
              target.path("expr").asString().replace("$__rate_interval", "5m")));
    }
    Promtool.write(
        directory, Map.of("groups", List.of(Map.of("name", "dashboard", "rules", rules))));
    assertThat(Promtool.run(directory, "check", "rules", "rules.yaml"))
        .contains(rules.size() + " rules");
  }

  @Test
  void everySeriesIsThere() throws Exception {
    refresh.refresh();
    System.gc();
    get(apiPort, "/nothing-there");
    Set<String> used = new TreeSet<>();
    for (JsonNode target : targets()) {
      Pattern.compile("([a-z][a-z0-9_]+)\\{")
          .matcher(target.path("expr").asString())
          .results()
          .forEach(use -> used.add(use.group(1)));
    }
    assertThat(used).hasSizeGreaterThan(35).contains("up");
    used.remove("up");
    // The pause of a collection and the end of a call are told a moment later.
    await().untilAsserted(() -> assertThat(scraped()).containsAll(used));
  }

  private Set<String> scraped() throws Exception {
    return get(managementPort, "/actuator/prometheus")
        .lines()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.split("[{ ]", 2)[0])
        .collect(Collectors.toSet());
  }

  private List<JsonNode> targets() {
    List<JsonNode> targets = new ArrayList<>();
    for (JsonNode panel : dashboard.path("panels")) {
      panel.path("targets").forEach(targets::add);
    }
    assertThat(targets).hasSizeGreaterThan(40);
    return targets;
  }

  private static String get(int port, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return Objects.requireNonNull(
          client
              .send(
                  HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                  BodyHandlers.ofString())
              .body());
    }
  }
}
