package dev.sluice.ops;

import static dev.sluice.ops.Chart.POSTGRESQL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.sluice.ops.Chart.Node;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/**
 * Whatever values are set, a cluster takes what is rendered: each object is read with the types of
 * Kubernetes, or with the schema of its custom resource, by readers that take no unknown field and
 * no number for a string.
 */
class ChartObjectsTests {

  private static final Map<String, Class<?>> TYPES =
      Map.ofEntries(
          Map.entry("v1/ConfigMap", ConfigMap.class),
          Map.entry("v1/Pod", Pod.class),
          Map.entry("v1/Service", Service.class),
          Map.entry("v1/ServiceAccount", ServiceAccount.class),
          Map.entry("apps/v1/Deployment", Deployment.class),
          Map.entry("apps/v1/StatefulSet", StatefulSet.class),
          Map.entry("autoscaling/v2/HorizontalPodAutoscaler", HorizontalPodAutoscaler.class),
          Map.entry("gateway.networking.k8s.io/v1/HTTPRoute", HTTPRoute.class),
          Map.entry("networking.k8s.io/v1/Ingress", Ingress.class),
          Map.entry("networking.k8s.io/v1/NetworkPolicy", NetworkPolicy.class),
          Map.entry("policy/v1/PodDisruptionBudget", PodDisruptionBudget.class));

  private static final Set<String> CUSTOM =
      Set.of("Canary", "MetricTemplate", "PrometheusRule", "ScaledObject", "ServiceMonitor");

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .withCoercionConfig(
              LogicalType.Textual,
              config ->
                  config
                      .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail))
          .annotationIntrospector(
              new JacksonAnnotationIntrospector() {
                // The models keep what they do not know; here it is an error.
                @Override
                public Boolean hasAnySetter(MapperConfig<?> config, Annotated annotated) {
                  return false;
                }
              })
          .build();

  private static final String MONITORING =
      """
      monitoring:
        serviceMonitor: {enabled: true, labels: {release: kps}}
        rules: {enabled: true, labels: {release: kps}}
      """;

  private static final String EVERYTHING =
      """
      configSecrets: [keys, more]
      configImports: ['optional:configtree:/vault/secrets/']
      agent: {image: 'apache/skywalking-java-agent:9.5.0', env: [{name: A, value: b}]}
      extraEnv: [{name: C, value: d}]
      extraVolumes: [{name: vault, emptyDir: {}}]
      extraVolumeMounts: [{name: vault, mountPath: /vault}]
      initContainers: [{name: first, image: busybox}]
      imagePullSecrets: [{name: registry}]
      service: {type: LoadBalancer, port: 80, annotations: {a: b}}
      networkPolicy:
        apiFrom: [{podSelector: {}}]
        denyPrivate: false
        extraEgress: [{to: [{ipBlock: {cidr: 10.1.0.0/16}}]}]
      tests: {destination: 'http://x/', tokenSecret: {name: token}}
      """;

  private static final String INGRESS =
      """
      ingress:
        enabled: true
        className: nginx
        hosts: [sluice.example.com]
        tls: [{hosts: [sluice.example.com], secretName: tls}]
      """;

  private static final String ROUTE =
      """
      httpRoute:
        enabled: true
        parentRefs: [{name: gateway, namespace: edge}]
        hostnames: [sluice.example.com]
        annotations: {a: b}
      """;

  private static final String OTHER_POSTGRESQL =
      """
      store:
        kind: postgresql
        postgresql: {url: 'jdbc:postgresql://a,b/s', existingSecret: database, usernameKey: ''}
      replicas: 5
      topologySpread: {whenUnsatisfiable: DoNotSchedule}
      podDisruptionBudget: {maxUnavailable: 2}
      """;

  private static final String AUTOSCALING =
      """
      autoscaling: {enabled: true, backlogPerReplica: 10000, attemptsPerSecondPerReplica: 2000}
      """;

  private static final String KEDA =
      """
      keda: {enabled: true}
      podDisruptionBudget: {enabled: false}
      """;

  private static final String BY_GATEWAY =
      """
      canary: {enabled: true}
      httpRoute: {parentRefs: [{name: g}], hostnames: [a.b]}
      """;

  private static final String AT_ONCE =
      """
      canary: {enabled: true, provider: kubernetes, webhooks: [{name: load, url: 'http://load/'}]}
      keda: {enabled: true}
      """;

  private static final String BY_INGRESS =
      """
      canary: {enabled: true, provider: nginx}
      autoscaling: {enabled: true}
      ingress: {enabled: true, hosts: [a.b]}
      """;

  static List<String> matrix() {
    List<String> ways = List.of("", INGRESS, ROUTE);
    List<String> pods = List.of("", MONITORING + EVERYTHING);
    List<String> stores =
        List.of(
            "",
            "store: {kind: sqlite}\nreplicas: 0\nnetworkPolicy: {enabled: false}\n",
            POSTGRESQL,
            OTHER_POSTGRESQL,
            POSTGRESQL + AUTOSCALING,
            POSTGRESQL + KEDA,
            POSTGRESQL + "topologySpread: {enabled: false}\n");
    List<String> canaries =
        List.of(
            POSTGRESQL + BY_GATEWAY, POSTGRESQL + AT_ONCE, POSTGRESQL + MONITORING + BY_INGRESS);
    Stream<String> all =
        stores.stream()
            .flatMap(
                store -> ways.stream().flatMap(way -> pods.stream().map(pod -> store + way + pod)))
            // A key may be there once.
            .filter(
                values ->
                    values.lines().filter(line -> line.startsWith("networkPolicy")).count() < 2);
    return Stream.concat(all, canaries.stream()).toList();
  }

  @ParameterizedTest
  @MethodSource("matrix")
  void everyObjectIsOneThatAClusterTakes(String values) {
    Map<String, Node> objects = Chart.render(values);
    assertThat(objects).hasSizeGreaterThan(3);
    objects.values().forEach(ChartObjectsTests::read);
    read(Chart.renderTest(values));
  }

  @Test
  void theMatrixRendersEveryKindOfObject() {
    Set<String> kinds = new TreeSet<>();
    for (String values : matrix()) {
      Chart.render(values).keySet().forEach(key -> kinds.add(key.substring(0, key.indexOf('/'))));
    }
    Set<String> expected = new TreeSet<>(CUSTOM);
    TYPES.keySet().forEach(key -> expected.add(key.substring(key.lastIndexOf('/') + 1)));
    expected.remove("Pod");
    assertThat(kinds).isEqualTo(expected);
  }

  @Test
  void aFieldThatNobodyKnowsIsRefused() {
    assertThatThrownBy(
            () ->
                read(
                    tree(
                        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template:"
                            + " {spec: {containers: [{name: a, image: b, port: 1}]}}}}")))
        .hasMessageContaining("port");
    assertThatThrownBy(
            () ->
                read(
                    tree(
                        "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: a},"
                            + " spec: {scaleTargetRef: {name: a}, triggers: [], maxReplica: 1}}")))
        .hasMessageContaining("maxReplica");
  }

  @Test
  void aNumberWhereAStringBelongsIsRefused() {
    assertThatThrownBy(
            () ->
                read(
                    tree(
                        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name:"
                            + " a, env: [{name: A, value: 1}]}]}}")))
        .hasMessageContaining("value");
    assertThatThrownBy(
            () ->
                read(
                    tree(
                        "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: a},"
                            + " spec: {scaleTargetRef: {name: a}, triggers: [{type: cpu, metadata:"
                            + " {value: 70}}]}}")))
        .hasMessageContaining("value");
  }

  private static Node tree(String yaml) {
    return new Node(Chart.yaml(yaml).iterator().next());
  }

  private static void read(Node object) {
    String kind = (String) object.at("kind").value();
    String json = MAPPER.writeValueAsString(object.value());
    if (CUSTOM.contains(kind)) {
      assertThat(
              SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7)
                  .getSchema(schema(kind), InputFormat.JSON)
                  .validate(json, InputFormat.JSON))
          .as(kind)
          .isEmpty();
    } else {
      String key = object.at("apiVersion").value() + "/" + kind;
      MAPPER.readValue(json, Objects.requireNonNull(TYPES.get(key), key));
    }
  }

  private static String schema(String kind) {
    String name = "/crds/" + kind + ".json";
    try (InputStream schema = ChartObjectsTests.class.getResourceAsStream(name)) {
      return new String(
          Objects.requireNonNull(schema, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
