package dev.sluice.ops;

import static dev.sluice.ops.Chart.POSTGRESQL;
import static dev.sluice.ops.Chart.object;
import static dev.sluice.ops.Chart.render;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.ops.Chart.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The chart on PostgreSQL: as many pods as wanted, and who decides how many. */
class ChartReplicasTests {

  @Test
  void aDeploymentTakesThePlaceOfTheStatefulSet() {
    Map<String, Node> objects = render(POSTGRESQL);
    assertThat(objects.keySet())
        .containsExactlyInAnyOrder(
            "ServiceAccount/demo-sluice",
            "ConfigMap/demo-sluice",
            "Service/demo-sluice",
            "NetworkPolicy/demo-sluice",
            "PodDisruptionBudget/demo-sluice",
            "Deployment/demo-sluice");
    Node spec = object(objects, "Deployment/demo-sluice").at("spec");
    assertThat(spec.at("replicas").value()).isEqualTo(2);
    assertThat(spec.at("strategy", "rollingUpdate").map())
        .isEqualTo(Map.of("maxSurge", 1, "maxUnavailable", 0));
    assertThat(spec.at("template", "spec", "volumes").list())
        .extracting(volume -> new Node(volume).at("name").value())
        .containsExactly("tmp", "config");
    assertThat(render(POSTGRESQL + "replicas: 7").get("Deployment/demo-sluice"))
        .extracting(deployment -> deployment.at("spec", "replicas").value())
        .isEqualTo(7);
  }

  @Test
  void bothKindsRunTheSamePod() {
    Node onSqlite = object(render(""), "StatefulSet/demo-sluice").at("spec", "template", "spec");
    Node onPostgresql = template(render(POSTGRESQL)).at("spec");
    for (String key :
        List.of(
            "securityContext",
            "terminationGracePeriodSeconds",
            "automountServiceAccountToken",
            "serviceAccountName")) {
      assertThat(onPostgresql.at(key)).as(key).isEqualTo(onSqlite.at(key));
    }
    for (String key :
        List.of("image", "ports", "readinessProbe", "livenessProbe", "lifecycle", "resources")) {
      assertThat(onPostgresql.at("containers", 0, key))
          .as(key)
          .isEqualTo(onSqlite.at("containers", 0, key));
    }
  }

  @Test
  void credentialsComeFromTheSecret() {
    assertThat(env(render(POSTGRESQL)))
        .containsEntry("SPRING_DATASOURCE_URL", "database/url")
        .containsEntry("SPRING_DATASOURCE_USERNAME", "database/username")
        .containsEntry("SPRING_DATASOURCE_PASSWORD", "database/password");
    assertThat(
            env(
                render(
                    "store: {kind: postgresql, postgresql: {existingSecret: database, url:"
                        + " 'jdbc:postgresql://a,b/s', usernameKey: user, passwordKey: ''}}")))
        .containsEntry("SPRING_DATASOURCE_URL", "jdbc:postgresql://a,b/s")
        .containsEntry("SPRING_DATASOURCE_USERNAME", "database/user")
        .doesNotContainKey("SPRING_DATASOURCE_PASSWORD");
    assertThat(env(render("store: {postgresql: {existingSecret: database}}")).keySet())
        .as("on sqlite nobody asks for it")
        .noneMatch(name -> name.toString().startsWith("SPRING_DATASOURCE"));
  }

  @Test
  void secretsAreReadAsProperties() {
    Map<String, Node> objects =
        render("configSecrets: [keys]\nconfigImports: ['optional:configtree:/vault/secrets/']");
    assertThat(env(objects))
        .containsEntry(
            "SPRING_CONFIG_IMPORT",
            "configtree:/etc/sluice-secrets/*/,optional:configtree:/vault/secrets/");
    Node pod = object(objects, "StatefulSet/demo-sluice").at("spec", "template", "spec");
    assertThat(pod.at("volumes").list().toString()).contains("{secretName=keys}");
    assertThat(pod.at("containers", 0, "volumeMounts").list().toString())
        .contains("mountPath=/etc/sluice-secrets/keys, readOnly=true");
  }

  @Test
  void anAgentIsBroughtByAnImageOfItsOwn() {
    Map<String, Node> objects =
        render("agent: {image: agent:1, source: /opt/a, jar: a.jar, env: [{name: B, value: c}]}");
    Node pod = object(objects, "StatefulSet/demo-sluice").at("spec", "template", "spec");
    assertThat(pod.at("initContainers", 0, "command").list())
        .isEqualTo(List.of("cp", "-r", "/opt/a/.", "/agent"));
    assertThat(env(objects))
        .containsEntry("JDK_JAVA_OPTIONS", "-javaagent:/agent/a.jar -XX:MaxRAMPercentage=60")
        .containsEntry("B", "c");
  }

  @Test
  void whatSelectsPodsFindsThoseOfDispatchAlone() {
    String values = POSTGRESQL + "monitoring: {serviceMonitor: {enabled: true}}";
    Map<String, Node> objects = render(values);
    Map<?, ?> pod = template(objects).at("metadata", "labels").map();
    Map<?, ?> test = Chart.renderTest(values).at("metadata", "labels").map();
    for (Node selector :
        List.of(
            object(objects, "NetworkPolicy/demo-sluice").at("spec", "podSelector", "matchLabels"),
            object(objects, "PodDisruptionBudget/demo-sluice")
                .at("spec", "selector", "matchLabels"),
            object(objects, "Service/demo-sluice-management").at("spec", "selector"),
            template(objects)
                .at("spec", "topologySpreadConstraints", 0, "labelSelector", "matchLabels"))) {
      assertThat(pod.entrySet().containsAll(selector.map().entrySet())).isTrue();
      assertThat(test.entrySet().containsAll(selector.map().entrySet())).isFalse();
      assertThat(selector.keys()).as("Flagger renames it").doesNotContain("app.kubernetes.io/name");
    }
    assertThat(test.get("app.kubernetes.io/component")).isEqualTo("test");
    assertThat(template(objects).at("spec", "topologySpreadConstraints").list())
        .extracting(constraint -> new Node(constraint).at("topologyKey").value())
        .containsExactly("topology.kubernetes.io/zone", "kubernetes.io/hostname");
  }

  @Test
  void whoScalesDecidesAlone() {
    Map<String, Node> objects =
        render(
            POSTGRESQL
                + "autoscaling: {enabled: true, backlogPerReplica: 9000,"
                + " attemptsPerSecondPerReplica: 2000}");
    assertThat(object(objects, "Deployment/demo-sluice").at("spec").keys())
        .doesNotContain("replicas");
    Node scaler = object(objects, "HorizontalPodAutoscaler/demo-sluice").at("spec");
    assertThat(scaler.at("scaleTargetRef").map()).isEqualTo(target());
    assertThat(scaler.at("metrics", 0, "resource", "target", "averageUtilization").value())
        .isEqualTo(70);
    assertThat(scaler.at("metrics", 1, "pods", "target", "averageValue").value()).isEqualTo("9000");
    assertThat(scaler.at("metrics", 2, "pods", "target", "averageValue").value()).isEqualTo("2000");

    objects = render(POSTGRESQL + "keda: {enabled: true, minReplicas: 3}");
    assertThat(object(objects, "Deployment/demo-sluice").at("spec").keys())
        .doesNotContain("replicas");
    Node scaled = object(objects, "ScaledObject/demo-sluice").at("spec");
    assertThat(scaled.at("scaleTargetRef").map()).isEqualTo(target());
    assertThat(scaled.at("minReplicaCount").value()).isEqualTo(3);
    assertThat(scaled.at("triggers", 1, "metadata", "query").value())
        .isEqualTo("sum(sluice_lane_backlog{namespace=\"tools\",job=\"demo\"})");
  }

  @Test
  void aCanaryFindsWhatItIsAbout() {
    Map<String, Node> objects =
        render(
            POSTGRESQL
                + """
                autoscaling: {enabled: true}
                canary: {enabled: true}
                httpRoute: {parentRefs: [{name: gateway}], hostnames: [sluice.example.com]}
                """);
    assertThat(objects).as("Flagger makes it").doesNotContainKey("Service/demo-sluice");
    Node spec = object(objects, "Canary/demo-sluice").at("spec");
    assertThat(spec.at("targetRef").map()).isEqualTo(target());
    assertThat(spec.at("autoscalerRef", "kind").value()).isEqualTo("HorizontalPodAutoscaler");
    assertThat(spec.at("service", "name").value()).isEqualTo("demo-sluice");
    assertThat(spec.at("service", "timeout").value()).as("uploads and events last").isEqualTo("0s");
    Set<Object> wanted =
        spec.at("analysis")
            .each("metrics")
            .map(metric -> metric.at("templateRef", "name").value())
            .collect(Collectors.toSet());
    Set<Object> there =
        objects.keySet().stream()
            .filter(key -> key.startsWith("MetricTemplate/"))
            .map(key -> key.substring(key.indexOf('/') + 1))
            .collect(Collectors.toSet());
    assertThat(there).hasSize(3).isEqualTo(wanted);
    for (Object name : there) {
      assertThat((String) object(objects, "MetricTemplate/" + name).at("spec", "query").value())
          .contains("pod=~\"{{ target }}-[0-9a-z]+-[0-9a-z]+\"", "[{{ interval }}]");
    }
  }

  @Test
  void whatCountsIsReallyMeasured() throws IOException {
    String text =
        render(
                POSTGRESQL
                    + """
                    autoscaling: {enabled: true, backlogPerReplica: 1, attemptsPerSecondPerReplica: 1}
                    canary: {enabled: true, provider: kubernetes}
                    """)
            .toString();
    text += render(POSTGRESQL + "keda: {enabled: true}");
    Set<String> used =
        Pattern.compile("sluice_[a-z_]+")
            .matcher(text)
            .results()
            .map(result -> result.group().replaceFirst("_(bucket|count|sum)$", ""))
            // As prometheus-adapter calls its rate.
            .map(name -> name.equals("sluice_attempts_ended") ? name + "_total" : name)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(used).hasSize(3);
    String documented = Files.readString(Path.of("src/docs/metrics.md"));
    assertThat(used).allMatch(name -> documented.contains("`" + name + "`"));
  }

  private static Map<String, String> target() {
    return Map.of("apiVersion", "apps/v1", "kind", "Deployment", "name", "demo-sluice");
  }

  private static Node template(Map<String, Node> objects) {
    return object(objects, "Deployment/demo-sluice").at("spec", "template");
  }

  /** Gives values of variables, and for those out of a secret its name and key. */
  private static Map<Object, Object> env(Map<String, Node> objects) {
    Node set =
        objects.containsKey("Deployment/demo-sluice")
            ? object(objects, "Deployment/demo-sluice")
            : object(objects, "StatefulSet/demo-sluice");
    Map<Object, Object> env = new HashMap<>();
    set.at("spec", "template", "spec", "containers", 0)
        .each("env")
        .forEach(
            variable -> {
              Object value = variable.map().get("value");
              if (value == null) {
                Node secret = variable.at("valueFrom", "secretKeyRef");
                value = secret.at("name").value() + "/" + secret.at("key").value();
              }
              env.put(variable.at("name").value(), value);
            });
    return env;
  }
}
