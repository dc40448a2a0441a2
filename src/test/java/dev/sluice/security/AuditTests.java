package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.api.Role;
import dev.sluice.model.Sha256;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import tools.jackson.databind.JsonNode;

/** What is recorded of calls, as an admin sees it. */
@NullUnmarked
@Import(TestRoutesApplication.class)
class AuditTests extends ApiTestBase {

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final List<Role> ROLES = List.of(Role.SUBMIT, Role.READ, Role.ADMIN);
  private static final List<String> TOKENS =
      ROLES.stream().map(role -> NewKey.make(role.toString(), "acme", RANDOM).token()).toList();

  @DynamicPropertySource
  static void keys(DynamicPropertyRegistry registry) {
    IntStream.range(0, TOKENS.size())
        .forEach(
            i -> {
              String key = "sluice.security.keys[" + i + "].";
              String token = TOKENS.get(i);
              registry.add(key + "id", () -> token.split("_", 3)[1]);
              registry.add(key + "client", () -> "the-" + ROLES.get(i));
              registry.add(key + "tenant", () -> "acme");
              registry.add(key + "roles", () -> ROLES.get(i).toString());
              registry.add(key + "sha256", () -> HexFormat.of().formatHex(Sha256.of(token)));
            });
  }

  private static String[] as(Role role, String requestId) {
    String token = TOKENS.get(ROLES.indexOf(role));
    return new String[] {"Authorization", "Bearer " + token, "X-Request-Id", requestId};
  }

  /** Gives the entry of a request once it is there. */
  private JsonNode entry(String requestId) {
    for (int i = 0; i < 200; i++) {
      Answer answer = get("/v1/audit?limit=1000", as(Role.ADMIN, "looking"));
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      for (JsonNode entry : answer.json().path("data")) {
        if (entry.path("requestId").asString().equals(requestId)) {
          return entry;
        }
      }
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
    throw new AssertionError("No entry of " + requestId);
  }

  @Test
  void recordsWhoDidWhatToWhich() {
    Answer made = post("/v1/batches", "{\"open\":true}", as(Role.SUBMIT, "made"));
    assertThat(made.header("X-Request-Id")).isEqualTo("made");
    String id = made.json().path("id").asString();
    JsonNode entry = entry("made");
    assertThat(entry.path("caller").asString()).isEqualTo("the-submit");
    assertThat(entry.path("tenant").asString()).isEqualTo("acme");
    assertThat(entry.path("action").asString()).isEqualTo("POST /v1/batches");
    assertThat(entry.path("object").asString()).isEqualTo(id);
    assertThat(entry.path("status").asInt()).isEqualTo(201);
    assertThat(entry.path("source").asString()).isEqualTo("127.0.0.1");

    post("/v1/batches/" + id + "/cancel", "{}", as(Role.ADMIN, "cancelled"));
    JsonNode cancelled = entry("cancelled");
    assertThat(cancelled.path("action").asString()).isEqualTo("POST /v1/batches/{id}/cancel");
    assertThat(cancelled.path("object").asString()).isEqualTo(id);
    assertThat(get("/v1/audit?object=" + id, as(Role.ADMIN, "x")).json().path("data").size())
        .isEqualTo(2);
  }

  @Test
  void recordsWhatFailedAndWhoWasRefused() {
    post("/v1/batches/bat_none/pause", "{}", as(Role.ADMIN, "failed"));
    assertThat(entry("failed").path("status").asInt()).isEqualTo(404);
    post("/v1/batches/bat_none/pause", "{}", as(Role.READ, "forbidden"));
    JsonNode forbidden = entry("forbidden");
    assertThat(forbidden.path("status").asInt()).isEqualTo(403);
    assertThat(forbidden.path("caller").asString()).isEqualTo("the-read");
    get("/v1/batches", "X-Request-Id", "stranger");
    JsonNode stranger = entry("stranger");
    assertThat(stranger.path("status").asInt()).isEqualTo(401);
    assertThat(stranger.path("caller").asString()).isEqualTo("unknown");
    assertThat(stranger.path("tenant").asString()).isEmpty();
    call("POST", "/v1/nothing%1b%5b31m", "{}", as(Role.ADMIN, "odd"));
    assertThat(entry("odd").path("action").asString()).doesNotContain("\u001b");
  }

  @Test
  void doesNotRecordWhatOnlyReads() {
    get("/v1/batches", as(Role.READ, "reading"));
    post("/v1/batches", "{\"open\":true}", as(Role.SUBMIT, "after-reading"));
    entry("after-reading");
    assertThat(get("/v1/audit?limit=1000", as(Role.ADMIN, "x")).body())
        .doesNotContain("\"reading\"");
  }

  @Test
  void onlyTakesRequestIdsThatAreHarmless() {
    assertThat(get("/v1/batches", as(Role.READ, "a b")).header("X-Request-Id")).hasSize(36);
    assertThat(get("/v1/batches", as(Role.READ, "x".repeat(65))).header("X-Request-Id"))
        .hasSize(36);
  }

  @Test
  void theChainIsWhole() {
    post("/v1/batches", "{\"open\":true}", as(Role.SUBMIT, "chained"));
    entry("chained");
    JsonNode found = get("/v1/audit/integrity", as(Role.ADMIN, "x")).json();
    assertThat(found.path("intact").asBoolean()).isTrue();
    assertThat(found.path("entries").asLong()).isPositive();
  }
}
