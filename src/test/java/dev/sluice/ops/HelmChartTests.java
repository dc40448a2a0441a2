package dev.sluice.ops;

import static dev.sluice.ops.Chart.object;
import static dev.sluice.ops.Chart.render;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import dev.sluice.ops.Chart.Node;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;

/** The chart, rendered by Helm itself, against what the application expects. */
class HelmChartTests {

  @Test
  void passesLintStrictly() {
    LintResult result = new Helm(Chart.DIRECTORY).lint().strict().call();
    assertThat(result.isFailed()).as(String.join("\n", result.getMessages())).isFalse();
  }

  @Test
  void rendersWhatASingleReplicaNeeds() {
    Map<String, Node> objects = render("");
    assertThat(objects.keySet())
        .containsExactlyInAnyOrder(
            "ServiceAccount/demo-sluice",
            "ConfigMap/demo-sluice",
            "Service/demo-sluice",
            "Service/demo-sluice-headless",
            "NetworkPolicy/demo-sluice",
            "StatefulSet/demo-sluice");
    Node set = object(objects, "StatefulSet/demo-sluice").at("spec");
    assertThat(set.at("replicas").value()).isEqualTo(1);
    assertThat(set.at("serviceName").value()).isEqualTo("demo-sluice-headless");
    Node claim = set.at("volumeClaimTemplates", 0);
    assertThat(claim.at("metadata", "name").value()).isEqualTo("data");
    assertThat(claim.at("spec", "accessModes", 0).value()).isEqualTo("ReadWriteOncePod");
    assertThat(claim.at("spec", "resources", "requests", "storage").value()).isEqualTo("20Gi");
  }

  @Test
  void selectorsFindThePod() {
    Map<String, Node> objects = render("podLabels: {team: payments}");
    Node set = object(objects, "StatefulSet/demo-sluice").at("spec");
    Map<?, ?> labels = set.at("template", "metadata", "labels").map();
    assertThat(labels.get("team")).isEqualTo("payments");
    for (Node selector :
        List.of(
            set.at("selector", "matchLabels"),
            object(objects, "Service/demo-sluice").at("spec", "selector"),
            object(objects, "Service/demo-sluice-headless").at("spec", "selector"))) {
      assertThat(selector.map()).isNotEmpty();
      selector.map().forEach((key, value) -> assertThat(labels.get(key)).isEqualTo(value));
    }
  }

  @Test
  void portsAndProbesAgreeWithTheApplication() throws IOException {
    PropertySource<?> application =
        properties(new FileSystemResource("src/main/resources/application.yaml"));
    Map<String, Node> objects = render("");
    Node container = container(objects);
    Map<Object, Object> ports = new HashMap<>();
    for (Object port : container.at("ports").list()) {
      ports.put(new Node(port).at("name").value(), new Node(port).at("containerPort").value());
    }
    assertThat(ports)
        .isEqualTo(
            Map.of(
                "http", Objects.requireNonNull(application.getProperty("server.port")),
                "management",
                    Objects.requireNonNull(application.getProperty("management.server.port"))));

    for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
      Node http = container.at(probe, "httpGet");
      assertThat(http.at("port").value()).as(probe).isEqualTo("management");
      String path = (String) http.at("path").value();
      assertThat(path).startsWith("/actuator/health/");
      String group = path.substring("/actuator/health/".length());
      assertThat(application.getProperty("management.endpoint.health.group." + group + ".include"))
          .as("group " + group)
          .isNotNull();
    }
    assertThat(container.at("readinessProbe", "httpGet", "path").value())
        .isEqualTo("/actuator/health/readiness");
    assertThat(container.at("livenessProbe", "httpGet", "path").value())
        .isEqualTo("/actuator/health/liveness");
    for (Object port : object(objects, "Service/demo-sluice").at("spec", "ports").list()) {
      assertThat(new Node(port).at("targetPort").value())
          .as("no Service leads to the management port")
          .isEqualTo("http");
    }
  }

  @Test
  void theGracePeriodCoversPreStopDrainAndFlush() throws IOException {
    Map<String, Node> objects =
        render("shutdown: {preStopSeconds: 7, drainSeconds: 60, marginSeconds: 11}");
    Node pod = pod(objects);
    assertThat(pod.at("terminationGracePeriodSeconds").value()).isEqualTo(78);
    assertThat(container(objects).at("lifecycle", "preStop", "exec", "command").value())
        .isEqualTo(List.of("sleep", "7"));
    PropertySource<?> config = config(objects);
    assertThat(config.getProperty("sluice.dispatch.drain")).isEqualTo("60s");
    assertThat(config.getProperty("spring.lifecycle.timeout-per-shutdown-phase")).isEqualTo("65s");

    assertThat(pod(render("")).at("terminationGracePeriodSeconds").value()).isEqualTo(5 + 35 + 10);
  }

  @Test
  void configurationReachesTheApplication() throws IOException {
    Map<String, Node> objects =
        render(
            """
            ports: {http: 9090, management: 9091}
            defaultRate: {permits: 3000000, per: 1m}
            config:
              sluice: {dispatch: {concurrency: 32}, ops: {top-destinations: 5}}
              logging: {level: {dev.sluice: DEBUG}}
            """);
    PropertySource<?> config = config(objects);
    assertThat(config.getProperty("server.port")).isEqualTo(9090);
    assertThat(config.getProperty("management.server.port")).isEqualTo(9091);
    assertThat(config.getProperty("sluice.dispatch.default-rate.permits")).isEqualTo(3_000_000);
    assertThat(config.getProperty("sluice.dispatch.default-rate.per")).isEqualTo("1m");
    assertThat(config.getProperty("sluice.dispatch.concurrency")).isEqualTo(32);
    assertThat(config.getProperty("sluice.ops.top-destinations")).isEqualTo(5);
    assertThat(config.getProperty("logging.structured.format.console")).isEqualTo("ecs");
    assertThat(config.getProperty("logging.level.dev.sluice")).isEqualTo("DEBUG");

    Node container = container(objects);
    assertThat(env(container))
        .containsEntry("SPRING_CONFIG_ADDITIONAL_LOCATION", "file:/etc/sluice/");
    assertThat(container.at("ports", 0, "containerPort").value()).isEqualTo(9090);
  }

  @Test
  void aHundredAttemptsPerSecondAndHostUnlessToldOtherwise() throws IOException {
    assertThat(config(render("")).getProperty("sluice.dispatch.default-rate.permits"))
        .isEqualTo(100);
    assertThat(
            config(render("defaultRate: null")).getProperty("sluice.dispatch.default-rate.permits"))
        .isNull();
    assertThat(
            config(render("defaultRate: {permits: null}"))
                .getProperty("sluice.dispatch.default-rate.permits"))
        .isNull();
  }

  @Test
  void nobodyIsLetInUnlessTheOperatorSaysSo() throws IOException {
    assertThat(config(render("")).getProperty("sluice.security.insecure")).isNull();
    Map<String, Node> keys = render("security: {keysSecret: sluice-keys}");
    assertThat(env(container(keys)))
        .containsEntry("SPRING_CONFIG_IMPORT", "file:/etc/sluice-keys/keys.yaml");
    assertThat(container(keys).at("volumeMounts", 3, "mountPath").value())
        .isEqualTo("/etc/sluice-keys");
    assertThat(pod(keys).at("volumes", 2, "secret", "secretName").value()).isEqualTo("sluice-keys");
    assertThat(config(render("security: {insecure: true}")).getProperty("sluice.security.insecure"))
        .isEqualTo(true);
  }

  @Test
  void thePodMayDoAsLittleAsPossible() {
    Map<String, Node> objects = render("");
    Node pod = pod(objects);
    assertThat(pod.at("automountServiceAccountToken").value()).isEqualTo(false);
    assertThat(
            object(objects, "ServiceAccount/demo-sluice")
                .at("automountServiceAccountToken")
                .value())
        .isEqualTo(false);
    assertThat(pod.at("securityContext", "runAsNonRoot").value()).isEqualTo(true);
    assertThat(pod.at("securityContext", "runAsUser").value()).isEqualTo(10001);
    assertThat(pod.at("securityContext", "seccompProfile", "type").value())
        .isEqualTo("RuntimeDefault");
    Node container = container(objects);
    assertThat(container.at("securityContext", "readOnlyRootFilesystem").value()).isEqualTo(true);
    assertThat(container.at("securityContext", "allowPrivilegeEscalation").value())
        .isEqualTo(false);
    assertThat(container.at("securityContext", "capabilities", "drop").value())
        .isEqualTo(List.of("ALL"));
    assertThat(container.at("resources", "limits", "memory").value()).isNotNull();

    List<Object> writable =
        container.at("volumeMounts").list().stream()
            .map(Node::new)
            .filter(mount -> !Boolean.TRUE.equals(mount.map().get("readOnly")))
            .<Object>map(mount -> mount.at("mountPath").value())
            .toList();
    assertThat(writable).containsExactlyInAnyOrder("/data", "/tmp");
  }

  @Test
  void mountsLeadToVolumes() {
    Map<String, Node> objects = render("");
    List<Object> volumes =
        StreamSupport.stream(pod(objects).at("volumes").list().spliterator(), false)
            .<Object>map(volume -> new Node(volume).at("name").value())
            .toList();
    for (Object mount : container(objects).at("volumeMounts").list()) {
      Object name = new Node(mount).at("name").value();
      assertThat(name.equals("data") || volumes.contains(name)).as("volume " + name).isTrue();
    }
    assertThat(pod(objects).at("volumes", 1, "configMap", "name").value()).isEqualTo("demo-sluice");
  }

  @Test
  void anotherConfigurationRestartsThePod() {
    assertThat(checksum(render(""))).isEqualTo(checksum(render("")));
    assertThat(checksum(render("config: {sluice: {ops: {top-destinations: 3}}}")))
        .isNotEqualTo(checksum(render("")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "replicas: 0",
        "serviceAccount: {name: existing}",
        "persistence: {storageClass: fast, accessMode: ReadWriteOnce, whenDeleted: Delete}",
        "imagePullSecrets: [{name: registry}]",
        "extraEnv: [{name: A, value: b}]",
        "nodeSelector: {disk: ssd}\ntolerations: [{operator: Exists}]\npriorityClassName: high",
        "affinity: {nodeAffinity: {}}\npodAnnotations: {a: b}\necsLogs: false",
        "shutdown: {preStopSeconds: 0}",
        "fullnameOverride: s\nimage: {repository: r.example.com/sluice, tag: '1'}",
      })
  void everyValueRendersToObjects(String values) {
    Map<String, Node> objects = render(values);
    assertThat(objects.keySet()).anyMatch(key -> key.startsWith("StatefulSet/"));
    objects
        .values()
        .forEach(
            object -> {
              assertThat(object.at("apiVersion").value()).isNotNull();
              assertThat(object.at("metadata", "name").value()).isNotNull();
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "replicas: 2 | replicas",
        "replica: 1 | replica",
        "ports: {http: 80} | http",
        "ports: {http: eighty} | http",
        "service: {type: Anything} | type",
        "shutdown: {drainSeconds: -1} | drainSeconds",
        "shutdown: {marginSeconds: 1} | marginSeconds",
        "defaultRate: {permits: 0} | permits",
        "defaultRate: {per: soon} | per",
        "persistence: {size: much} | size",
        "persistence: {accessMode: ReadWriteMany} | accessMode",
        "image: {repository: ''} | repository",
        "probes: {startup: {path: /x}} | path",
        "security: {insecure: 'yes'} | insecure",
        "config: {sluice: {dispatch: {drain: 1s}}} | shutdown.drainSeconds",
        "config: {sluice: {dispatch: {default-rate: {permits: 1}}}} | defaultRate",
      })
  void aBadValueIsRefusedByName(String values, String name) {
    assertThatThrownBy(() -> render(values)).hasMessageContaining(name);
  }

  private static Node pod(Map<String, Node> objects) {
    return object(objects, "StatefulSet/demo-sluice").at("spec", "template", "spec");
  }

  private static Node container(Map<String, Node> objects) {
    return pod(objects).at("containers", 0);
  }

  private static Object checksum(Map<String, Node> objects) {
    return Objects.requireNonNull(
        object(objects, "StatefulSet/demo-sluice")
            .at("spec", "template", "metadata", "annotations", "checksum/config")
            .value());
  }

  private static Map<Object, Object> env(Node container) {
    Map<Object, Object> env = new HashMap<>();
    for (Object variable : container.at("env").list()) {
      env.put(new Node(variable).at("name").value(), new Node(variable).at("value").value());
    }
    return env;
  }

  /** Gives the mounted file as Spring Boot reads it. */
  private static PropertySource<?> config(Map<String, Node> objects) throws IOException {
    String text =
        (String) object(objects, "ConfigMap/demo-sluice").at("data", "application.yaml").value();
    return properties(
        new ByteArrayResource(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
  }

  private static PropertySource<?> properties(Resource yaml) throws IOException {
    List<PropertySource<?>> documents = new YamlPropertySourceLoader().load("yaml", yaml);
    assertThat(documents.subList(1, documents.size()))
        .as("for a profile each")
        .allMatch(document -> document.containsProperty("spring.config.activate.on-profile"));
    return documents.getFirst();
  }
}
