package dev.sluice.security;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.api.Role;
import dev.sluice.model.Outcome;
import dev.sluice.model.Sha256;
import dev.sluice.store.BatchRef;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.ActiveProfiles;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/**
 * Every call that is mapped, with every role, for two tenants. The calls come from the handler
 * mappings, what each needs from the table here: a call that is not in it fails.
 */
@NullUnmarked
@Import(TestRoutesApplication.class)
@ActiveProfiles("diagnosis")
class RoutesTests extends ApiTestBase {

  private static final Map<String, Role> NEEDS =
      new TreeMap<>(
          Map.ofEntries(
              entry("POST /v1/batches", Role.SUBMIT),
              entry("POST /v1/batches/{id}/items", Role.SUBMIT),
              entry("POST /v1/batches/{id}/seal", Role.SUBMIT),
              entry("GET /v1/batches", Role.READ),
              entry("GET /v1/batches/{id}", Role.READ),
              entry("GET /v1/batches/{id}/failures", Role.READ),
              entry("GET /v1/batches/{id}/events", Role.READ),
              entry("GET /v1/batches/{id}/explain", Role.READ),
              entry("GET /v1/batches/{id}/timeline", Role.READ),
              entry("GET /v1/batches/{batchId}/items", Role.READ),
              entry("GET /v1/batches/{batchId}/items/{index}", Role.READ),
              entry("GET /v1/batches/{batchId}/results", Role.READ),
              entry("GET /v1/items", Role.READ),
              entry("PATCH /v1/batches/{id}", Role.CONTROL),
              entry("DELETE /v1/batches/{id}", Role.CONTROL),
              entry("POST /v1/batches/{id}/pause", Role.CONTROL),
              entry("POST /v1/batches/{id}/resume", Role.CONTROL),
              entry("POST /v1/batches/{id}/cancel", Role.CONTROL),
              entry("POST /v1/batches/{id}/redrive", Role.CONTROL),
              entry("POST /v1/batches/{id}/items/{index}/resolve", Role.CONTROL),
              entry("GET /v1/audit", Role.ADMIN),
              entry("GET /v1/audit/integrity", Role.ADMIN),
              entry("GET /v1/destinations", Role.ADMIN),
              entry("GET /v1/destinations/{key}", Role.ADMIN),
              entry("PUT /v1/destinations/{key}", Role.ADMIN),
              entry("PATCH /v1/destinations/{key}", Role.ADMIN),
              entry("POST /v1/destinations/{key}/pause", Role.ADMIN),
              entry("POST /v1/destinations/{key}/resume", Role.ADMIN)));

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Map<String, Map<Role, String>> TOKENS = new TreeMap<>();
  private static final String EXPIRED = NewKey.make("late", "acme", RANDOM).token();
  private static final String UNKNOWN = "bat_0000000000000000000000";

  @Autowired private List<RequestMappingHandlerMapping> mappings;
  @LocalManagementPort private int managementPort;

  private String own;
  private String foreign;

  @DynamicPropertySource
  static void keys(DynamicPropertyRegistry registry) {
    int i = 0;
    for (String tenant : List.of("acme", "globex")) {
      Map<Role, String> tokens = new EnumMap<>(Role.class);
      for (Role role : Role.values()) {
        String client = role + "-of-" + tenant;
        String token = NewKey.make(client, tenant, RANDOM).token();
        tokens.put(role, token);
        add(registry, i++, client, tenant, role, token);
      }
      TOKENS.put(tenant, tokens);
    }
    add(registry, i, "late", "acme", Role.ADMIN, EXPIRED);
    String expires = "sluice.security.keys[" + i + "].expires";
    registry.add(expires, () -> "2020-01-01T00:00:00Z");
    registry.add("sluice.security.failures-per-second", () -> 1000);
  }

  private static void add(
      DynamicPropertyRegistry registry,
      int index,
      String client,
      String tenant,
      Role role,
      String token) {
    String key = "sluice.security.keys[" + index + "].";
    registry.add(key + "id", () -> token.split("_", 3)[1]);
    registry.add(key + "client", () -> client);
    registry.add(key + "tenant", () -> tenant);
    registry.add(key + "roles", () -> role.toString());
    registry.add(key + "sha256", () -> HexFormat.of().formatHex(Sha256.of(token)));
  }

  @BeforeEach
  void batches() {
    if (own == null) {
      own = submit("acme", "ours");
      foreign = submit("globex", "theirs");
      BatchRef ref = store.reader().batch("acme", own).orElseThrow().ref();
      store.settle(ref, List.of(shared(succeeded(0))));
    }
  }

  private static Outcome shared(Outcome outcome) {
    return new Outcome(
        outcome.index(),
        "shared",
        outcome.state(),
        outcome.statusCode(),
        outcome.attemptCount(),
        outcome.latencyMillis(),
        outcome.finishedAt(),
        null,
        null);
  }

  private String submit(String tenant, String name) {
    Answer answer =
        post(
            "/v1/batches",
            "{\"name\":\"%s\",\"items\":[{\"id\":\"shared\",\"url\":\"https://%s.example.com/x\"}]}"
                .formatted(name, tenant),
            "Authorization",
            "Bearer " + TOKENS.get(tenant).get(Role.SUBMIT));
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    return answer.json().path("id").asString();
  }

  /** A call that is mapped. */
  private record Route(String method, String pattern) {

    @Override
    public String toString() {
      return method + ' ' + pattern;
    }

    boolean namesBatch() {
      return pattern.contains("{id}") || pattern.contains("{batchId}");
    }

    String path(String batch) {
      String path =
          pattern
              .replace("{id}", batch)
              .replace("{batchId}", batch)
              .replace("{index}", "0")
              .replace("{key}", "https:globex.example.com:443");
      return path.equals("/v1/items") ? path + "?id=shared" : path;
    }

    String body() {
      return switch (toString()) {
        case "POST /v1/batches" -> "{\"open\":true}";
        case "POST /v1/batches/{id}/items" -> "{\"items\":[{\"url\":\"http://a.example/\"}]}";
        case "POST /v1/batches/{id}/redrive" -> "{\"filter\":{\"state\":[\"FAILED\"]}}";
        case "PATCH /v1/batches/{id}" -> "{\"name\":\"stolen\"}";
        default -> method.equals("GET") || method.equals("DELETE") ? null : "{}";
      };
    }
  }

  private List<Route> routes() {
    List<Route> routes = new ArrayList<>();
    for (RequestMappingHandlerMapping mapping : mappings) {
      mapping
          .getHandlerMethods()
          .forEach(
              (info, handler) -> {
                Class<?> type = handler.getBeanType();
                if (type.getPackageName().startsWith("dev.sluice")
                    && !ErrorController.class.isAssignableFrom(type)
                    && type.getEnclosingClass() == null) {
                  for (String pattern : info.getPatternValues()) {
                    for (RequestMethod method : info.getMethodsCondition().getMethods()) {
                      routes.add(new Route(method.name(), pattern));
                    }
                  }
                }
              });
    }
    return routes;
  }

  private Answer send(Route route, String batch, String token) {
    List<String> headers = new ArrayList<>();
    if (route.body() != null) {
      headers.addAll(List.of("Content-Type", "application/json"));
    }
    if (token != null) {
      headers.addAll(List.of("Authorization", "Bearer " + token));
    }
    return call(route.method(), route.path(batch), route.body(), headers.toArray(String[]::new));
  }

  @Test
  void everyMappedCallIsInTheTable() {
    assertThat(routes().stream().map(Route::toString).collect(java.util.stream.Collectors.toSet()))
        .isEqualTo(new TreeSet<>(NEEDS.keySet()));
  }

  @Test
  void nobodyIsLetInWithoutACredential() {
    Map<Role, String> acme = TOKENS.get("acme");
    String admin = acme.get(Role.ADMIN);
    for (Route route : routes()) {
      Answer nothing = send(route, own, null).isProblem(401, "unauthorized");
      assertThat(nothing.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"sluice\"");
      List<String> bodies = new ArrayList<>();
      for (String token :
          List.of(
              EXPIRED,
              admin.substring(0, admin.length() - 1),
              "slk_nobody_" + admin.split("_", 3)[2],
              "nonsense",
              "e30.e30.e30")) {
        Answer refused = send(route, own, token).isProblem(401, "unauthorized");
        assertThat(refused.header("WWW-Authenticate")).contains("error=\"invalid_token\"");
        bodies.add(refused.body());
      }
      assertThat(bodies).as("what was wrong is told to nobody").containsOnly(nothing.body());
    }
  }

  @Test
  void aRoleIsEnoughForItsCallsAndForNoOthers() {
    for (Route route : routes()) {
      Role needed = NEEDS.get(route.toString());
      for (Role role : Role.values()) {
        Answer answer = send(route, own, TOKENS.get("acme").get(role));
        if (role == needed || role == Role.ADMIN) {
          assertThat(answer.status()).as(route + " as " + role).isNotIn(401, 403, 404, 500);
        } else {
          answer.isProblem(403, "forbidden");
        }
      }
    }
  }

  @Test
  void whatAnotherTenantHasIsNotThere() {
    String before = fingerprint();
    for (Route route : routes()) {
      for (Role role : List.of(NEEDS.get(route.toString()), Role.ADMIN)) {
        String token = TOKENS.get("acme").get(role);
        if (route.namesBatch()) {
          Answer unknown = send(route, UNKNOWN, token);
          Answer theirs = send(route, foreign, token);
          assertThat(theirs.status()).as(route + " as " + role).isEqualTo(unknown.status());
          assertThat(theirs.body().replace(foreign, UNKNOWN)).isEqualTo(unknown.body());
          assertThat(theirs.status()).isIn(404, 422);
        } else if (NEEDS.get(route.toString()) == Role.READ) {
          assertThat(send(route, own, token).body())
              .as(route + " as " + role)
              .contains(own)
              .doesNotContain(foreign, "globex", "theirs");
        }
      }
    }
    assertThat(fingerprint()).isEqualTo(before);
  }

  private String fingerprint() {
    Answer view =
        get(
            "/v1/batches/" + foreign,
            "Authorization",
            "Bearer " + TOKENS.get("globex").get(Role.READ));
    assertThat(view.status()).isEqualTo(200);
    return List.of("name", "state", "stateReason", "counts", "metadata").stream()
        .map(name -> view.json().path(name).toString())
        .toList()
        .toString();
  }

  @Test
  void anIdempotencyKeyIsOnesOwn() {
    List<String> ids = new ArrayList<>();
    for (String tenant : List.of("acme", "globex")) {
      Answer answer =
          post(
              "/v1/batches",
              "{\"name\":\"%s\",\"open\":true}".formatted(tenant),
              "Idempotency-Key",
              "the-same",
              "Authorization",
              "Bearer " + TOKENS.get(tenant).get(Role.SUBMIT));
      assertThat(answer.status()).as(answer.body()).isEqualTo(201);
      ids.add(answer.json().path("id").asString());
    }
    assertThat(ids).doesNotHaveDuplicates();
  }

  @Test
  void aCallThatNamesNoRoleAnswersNobody() {
    for (String path : List.of("/v1/forgotten", "/forgotten")) {
      for (Map<Role, String> tokens : TOKENS.values()) {
        for (String token : tokens.values()) {
          Answer answer = get(path, "Authorization", "Bearer " + token).isProblem(403, "forbidden");
          assertThat(answer.body()).doesNotContain("secret");
        }
      }
      assertThat(get(path).body()).doesNotContain("secret");
    }
  }

  @Test
  void whatIsTheSameForEverybodyNeedsNoCredential() {
    assertThat(get("/v3/api-docs").status()).isEqualTo(200);
    assertThat(get("/swagger-ui/index.html").status()).isEqualTo(200);
    call("POST", "/nothing", "{}").isProblem(401, "unauthorized");
    get("/v1/nothing").isProblem(401, "unauthorized");
  }

  @Test
  void whoLooksIntoTheProcessIsAnAdmin() {
    for (String endpoint : List.of("health", "info", "prometheus")) {
      assertThat(manage(endpoint, null)).as(endpoint).isEqualTo(200);
    }
    for (String endpoint : List.of("threaddump", "heapdump")) {
      assertThat(manage(endpoint, null)).as(endpoint).isEqualTo(401);
      for (Role role : Role.values()) {
        if (role != Role.ADMIN) {
          assertThat(manage(endpoint, TOKENS.get("acme").get(role))).as(endpoint).isEqualTo(403);
        }
      }
    }
    assertThat(manage("threaddump", TOKENS.get("acme").get(Role.ADMIN))).isEqualTo(200);
  }

  private int manage(String endpoint, String token) {
    String[] headers =
        token == null ? new String[0] : new String[] {"Authorization", "Bearer " + token};
    int api = port;
    port = managementPort;
    try {
      return get("/actuator/" + endpoint, headers).status();
    } finally {
      port = api;
    }
  }
}
