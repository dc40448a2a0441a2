package dev.sluice.ops;

import static dev.sluice.ops.Chart.POSTGRESQL;
import static dev.sluice.ops.Chart.object;
import static dev.sluice.ops.Chart.render;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.ops.Chart.Node;
import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who reaches the pods, and whom they reach. */
class ChartNetworkTests {

  private static final String WAYS_IN =
      """
      ingress: {enabled: true, hosts: [a.example.com]}
      httpRoute: {enabled: true, parentRefs: [{name: gateway}]}
      monitoring: {serviceMonitor: {enabled: true}}
      """;

  @Test
  void everyWayInLeadsToTheApi() {
    Map<String, Node> objects = render(WAYS_IN + "service: {port: 80}");
    Node backend =
        object(objects, "Ingress/demo-sluice")
            .at("spec", "rules", 0, "http", "paths", 0, "backend", "service");
    assertThat(backend.at("name").value()).isEqualTo("demo-sluice");
    assertThat(backend.at("port", "name").value()).isEqualTo("http");
    Node route = object(objects, "HTTPRoute/demo-sluice").at("spec", "rules", 0, "backendRefs", 0);
    assertThat(route.at("name").value()).isEqualTo("demo-sluice");
    Node service = object(objects, "Service/demo-sluice").at("spec", "ports", 0);
    assertThat(route.at("port").value()).isEqualTo(80).isEqualTo(service.at("port").value());
    assertThat(service.at("name").value()).isEqualTo("http");
    assertThat(service.at("targetPort").value()).isEqualTo("http");
  }

  @Test
  void longUploadsAndEventStreamsPass() {
    Map<String, Node> objects = render(WAYS_IN);
    assertThat(object(objects, "Ingress/demo-sluice").at("metadata", "annotations").map())
        .isEqualTo(
            Map.of(
                "nginx.ingress.kubernetes.io/proxy-body-size", "0",
                "nginx.ingress.kubernetes.io/proxy-request-buffering", "off",
                "nginx.ingress.kubernetes.io/proxy-buffering", "off",
                "nginx.ingress.kubernetes.io/proxy-http-version", "1.1",
                "nginx.ingress.kubernetes.io/proxy-read-timeout", "3600",
                "nginx.ingress.kubernetes.io/proxy-send-timeout", "3600"));
    assertThat(object(objects, "HTTPRoute/demo-sluice").at("spec", "rules", 0, "timeouts").map())
        .isEqualTo(Map.of("request", "0s", "backendRequest", "0s"));
  }

  @Test
  void onlyPrometheusIsShownTheManagementPort() {
    Map<String, Node> objects = render(WAYS_IN);
    Node monitor = object(objects, "ServiceMonitor/demo-sluice").at("spec");
    Node service = object(objects, "Service/demo-sluice-management");
    assertThat(
            service
                .at("metadata", "labels")
                .map()
                .entrySet()
                .containsAll(monitor.at("selector", "matchLabels").map().entrySet()))
        .isTrue();
    assertThat(object(objects, "Service/demo-sluice").at("metadata", "labels").keys())
        .doesNotContain("app.kubernetes.io/component");
    assertThat(monitor.at("endpoints", 0, "port").value())
        .isEqualTo(service.at("spec", "ports", 0, "name").value());
    assertThat(monitor.at("endpoints", 0, "path").value()).isEqualTo("/actuator/prometheus");
    assertThat(service.at("spec", "clusterIP").value()).isEqualTo("None");
    assertThat(service.at("spec", "ports", 0, "targetPort").value()).isEqualTo("management");

    Node management = policy("").at("ingress", 1);
    assertThat(management.at("ports", 0, "port").value()).isEqualTo("management");
    assertThat(management.at("from").list())
        .isEqualTo(
            List.of(
                Map.of(
                    "namespaceSelector",
                    Map.of("matchLabels", Map.of("kubernetes.io/metadata.name", "monitoring")))));
  }

  @Test
  void theTestReachesAnApiThatNotEverybodyDoes() {
    assertThat(policy("").at("ingress", 0).keys()).doesNotContain("from");
    Node api = policy("networkPolicy: {apiFrom: [{podSelector: {}}]}").at("ingress", 0);
    assertThat(api.at("ports", 0, "port").value()).isEqualTo("http");
    Map<?, ?> labels = Chart.renderTest("").at("metadata", "labels").map();
    assertThat(
            labels
                .entrySet()
                .containsAll(api.at("from", 0, "podSelector", "matchLabels").map().entrySet()))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254",
        "169.254.170.2",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fe80::a9fe:a9fe",
        "fd00:ec2::254",
        "fd20:ce::254",
      })
  void nobodyReachesCredentialsOfTheCloud(String address) {
    for (String values :
        List.of("", "networkPolicy: {denyPrivate: false}", POSTGRESQL, "replicas: 0")) {
      for (int port : List.of(80, 443, 5432)) {
        assertThat(reaches(policy(values), address, port)).as(values + port).isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1"})
  void privateNetworksAreClosedUnlessOpened(String address) {
    assertThat(reaches(policy(""), address, 443)).isFalse();
    assertThat(reaches(policy("networkPolicy: {denyPrivate: false}"), address, 443)).isTrue();
    assertThat(reaches(policy("networkPolicy: {extraEgress: [{}]}"), address, 443)).isTrue();
    assertThat(reaches(policy(POSTGRESQL), address, 443)).isFalse();
    assertThat(reaches(policy(POSTGRESQL), address, 5432)).as("the database").isTrue();
  }

  @Test
  void destinationsAndNameServersAreReached() {
    assertThat(reaches(policy(""), "203.0.113.7", 443)).isTrue();
    assertThat(reaches(policy(""), "2001:db8::7", 8443)).isTrue();
    assertThat(reaches(policy(""), "169.254.20.10", 53)).as("the node's name server").isTrue();
  }

  private static Node policy(String values) {
    return object(render(values), "NetworkPolicy/demo-sluice").at("spec");
  }

  /** As a cluster judges it: one rule that fits is enough. */
  private static boolean reaches(Node policy, String address, int port) {
    return policy
        .each("egress")
        .anyMatch(
            rule ->
                fits(rule, "ports", with -> with.at("port").value().equals(port))
                    && fits(rule, "to", peer -> contains(peer.at("ipBlock"), address)));
  }

  private static boolean fits(Node rule, String key, Predicate<Node> condition) {
    return !rule.map().containsKey(key) || rule.each(key).anyMatch(condition);
  }

  private static boolean contains(Node block, String address) {
    return inside(block.at("cidr").value(), address)
        && block.at("except").list().stream().noneMatch(except -> inside(except, address));
  }

  private static boolean inside(Object cidr, String address) {
    String[] parts = ((String) cidr).split("/", -1);
    return new IpSubnetFilterRule(parts[0], Integer.parseInt(parts[1]), IpFilterRuleType.ACCEPT)
        .matches(new InetSocketAddress(address, 0));
  }
}
