package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.model.Sha256;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Whoever tries credentials is slowed down, and locks nobody else out. */
@NullUnmarked
class TooManyFailuresTests extends ApiTestBase {

  private static final String TOKEN = NewKey.make("reader", "acme", new SecureRandom()).token();
  private static final int TRIES = 200;

  @DynamicPropertySource
  static void key(DynamicPropertyRegistry registry) {
    registry.add("sluice.security.keys[0].id", () -> TOKEN.split("_", 3)[1]);
    registry.add("sluice.security.keys[0].client", () -> "reader");
    registry.add("sluice.security.keys[0].tenant", () -> "acme");
    registry.add("sluice.security.keys[0].roles", () -> "read");
    registry.add(
        "sluice.security.keys[0].sha256", () -> HexFormat.of().formatHex(Sha256.of(TOKEN)));
    registry.add("sluice.security.failures-per-second", () -> 1);
  }

  @Test
  void refusesFasterThanItIsAsked() {
    int refused = 0;
    for (int i = 0; i < TRIES; i++) {
      Answer answer = get("/v1/batches", "Authorization", "Bearer slk_guess_" + i);
      assertThat(answer.status()).isIn(401, 429);
      if (answer.status() == 429) {
        answer.isProblem(429, "too_many_failures");
        assertThat(answer.header("Retry-After")).isEqualTo("1");
        refused++;
      }
      assertThat(get("/v1/batches", "Authorization", "Bearer " + TOKEN).status()).isEqualTo(200);
    }
    assertThat(refused).isPositive();
  }
}
