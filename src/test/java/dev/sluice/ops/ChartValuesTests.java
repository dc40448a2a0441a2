package dev.sluice.ops;

import static dev.sluice.ops.Chart.POSTGRESQL;
import static dev.sluice.ops.Chart.render;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.ops.Chart.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Values that cannot work are refused with the place where they are. */
class ChartValuesTests {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "store: {kind: mysql} | at '/store/kind': value must be one of",
        "store: {kind: postgresql} | at '/store/postgresql/existingSecret': minLength",
        "store: {postgresql: {url: 'postgres://a'}} | at '/store/postgresql/url': ",
        "store: {postgresql: {password: secret}} | additional properties 'password' not allowed",
        "replicas: 2 | at '/replicas': maximum: got 2, want 1",
        "autoscaling: {enabled: true} | at '/autoscaling/enabled': value must be false",
        "keda: {enabled: true} | at '/keda/enabled': value must be false",
        "canary: {enabled: true} | at '/canary/enabled': value must be false",
        "configSecrets: [Keys] | at '/configSecrets/0': ",
        "networkPolicy: {managementFrom: []} | at '/networkPolicy/managementFrom': minItems",
        "ingress: {enabled: true} | at '/ingress/hosts': minItems",
        "httpRoute: {enabled: true} | at '/httpRoute/parentRefs': minItems",
        "monitoring: {serviceMonitor: {interval: soon}} | at '/monitoring/serviceMonitor/interval'",
        "tests: {destination: ftp://a} | at '/tests/destination': ",
        "topologySpread: {whenUnsatisfiable: Never} | at '/topologySpread/whenUnsatisfiable': ",
        "config: {spring: {datasource: {password: x}}} | store.postgresql.existingSecret",
        "config: {spring: {datasource: {url: x}}} | store.kind",
      })
  void onSqlite(String values, String message) {
    assertThatThrownBy(() -> render(values)).hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "replicas: 101 | at '/replicas': maximum: got 101, want 100",
        "autoscaling: {enabled: true, cpuPercent: null} | autoscaling: set at least one of",
        "autoscaling: {enabled: true, minReplicas: 0} | at '/autoscaling/minReplicas': minimum",
        "canary: {enabled: true} | at '/httpRoute/parentRefs': minItems",
        "canary: {enabled: true, provider: nginx} | at '/ingress/enabled': value must be true",
        "canary: {enabled: true, provider: istio} | at '/canary/provider': value must be one of",
        "keda: {enabled: true, prometheus: here} | at '/keda/prometheus': ",
      })
  void onPostgresql(String values, String message) {
    assertThatThrownBy(() -> render(POSTGRESQL + values)).hasMessageContaining(message);
  }

  @Test
  void onlyOneScales() {
    assertThatThrownBy(
            () -> render(POSTGRESQL + "autoscaling: {enabled: true}\nkeda: {enabled: true}"))
        .hasMessageContaining("at '/keda/enabled': value must be false");
  }

  @Test
  void theRouteOfACanaryIsFlaggers() {
    assertThatThrownBy(
            () ->
                render(
                    POSTGRESQL
                        + """
                        canary: {enabled: true}
                        httpRoute: {enabled: true, parentRefs: [{name: gateway}]}
                        """))
        .hasMessageContaining("at '/httpRoute/enabled': value must be false");
  }

  @Test
  void theSchemaKnowsEveryValueThatThereIs() throws IOException {
    Map<?, ?> values =
        (Map<?, ?>)
            Chart.yaml(Files.readString(Chart.DIRECTORY.resolve("values.yaml"))).iterator().next();
    JsonNode schema =
        JsonMapper.builder().build().readTree(Chart.DIRECTORY.resolve("values.schema.json"));
    Set<String> known = new TreeSet<>(schema.path("properties").propertyNames());
    known.remove("global");
    Set<String> there = new TreeSet<>();
    values.keySet().forEach(key -> there.add((String) key));
    assertThat(there).isEqualTo(known);
    for (String room : List.of("autoscaling", "keda", "canary", "networkPolicy", "httpRoute")) {
      assertThat(schema.path("properties").path(room).path("properties").propertyNames())
          .as(room)
          .hasSameElementsAs(
              new Node(values).at(room).keys().stream().map(Object::toString).toList());
    }
  }
}
