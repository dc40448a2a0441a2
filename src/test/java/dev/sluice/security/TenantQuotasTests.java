package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Quotas.Allowance;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.TenantUsage;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class TenantQuotasTests {

  private static final TenantUsage NOTHING = new TenantUsage(0, 0, 0);

  private final Map<String, TenantUsage> stored = new HashMap<>();
  private long nanos = -7;
  private int asked;

  private final TenantQuotas quotas =
      new TenantQuotas(
          tenant -> {
            asked++;
            return stored.getOrDefault(tenant, NOTHING);
          },
          tenant ->
              tenant.equals("free")
                  ? TestSecurity.QUOTA
                  : new QuotaProperties(3, 100, DataSize.ofBytes(1_000), 5),
          new ProcessClock() {
            @Override
            public Instant instant() {
              return Instant.EPOCH.plusNanos(nanos);
            }

            @Override
            public long nanoTime() {
              return nanos;
            }
          });

  private static void assertRefused(int status, String code, Runnable call) {
    assertThatThrownBy(call::run)
        .asInstanceOf(InstanceOfAssertFactories.type(ApiProblem.class))
        .satisfies(
            problem -> {
              assertThat(problem.status()).isEqualTo(status);
              assertThat(problem.code()).isEqualTo(code);
              assertThat(problem.retryAfter() != null).isEqualTo(status == 429);
            });
  }

  private void submit(long items, long bytes) {
    try (Allowance allowance = quotas.begin("acme", true)) {
      allowance.take(items, bytes);
      allowance.kept();
    }
  }

  @Test
  void whatWasNotKeptCountsForNothing() {
    for (int i = 0; i < 3; i++) {
      try (Allowance allowance = quotas.begin("acme", true)) {
        allowance.take(100, 10);
      }
    }
    submit(100, 10);
  }

  @Test
  void takesUpToTheQuotaAndNoItemMore() {
    submit(60, 10);
    submit(40, 10);
    assertRefused(429, "quota_exceeded", () -> submit(1, 1));
    nanos += 1_000_000_000;
    submit(100, 10);
  }

  @Test
  void countsWhatComesAtTheSameTime() {
    try (Allowance first = quotas.begin("acme", true);
        Allowance second = quotas.begin("acme", true)) {
      first.take(60, 10);
      second.take(40, 10);
      assertRefused(429, "quota_exceeded", () -> second.take(1, 1));
    }
  }

  @Test
  void boundsBytesAndBatches() {
    stored.put("acme", new TenantUsage(2, 0, 999));
    submit(1, 1);
    assertRefused(429, "quota_exceeded", () -> submit(1, 1));
    nanos += 1_000_000_000;
    stored.put("acme", new TenantUsage(3, 0, 0));
    assertRefused(429, "quota_exceeded", () -> submit(1, 1));
    quotas.begin("acme", false).close();
  }

  @Test
  void whatWouldNeverFitIsNotToBeTriedAgain() {
    assertRefused(413, "quota_too_small", () -> submit(101, 1));
    assertRefused(413, "quota_too_small", () -> submit(1, 1_001));
  }

  @Test
  void boundsHowFastSubmissionsBegin() {
    for (int i = 0; i < 5; i++) {
      quotas.begin("acme", false).close();
    }
    assertRefused(429, "quota_exceeded", () -> quotas.begin("acme", false));
    quotas.begin("other", false).close();
    nanos += 1_000_000_000;
    quotas.begin("acme", false).close();
  }

  @Test
  void asksTheStoreOnceASecondAndNotForTheUnbounded() {
    for (int i = 0; i < 1000; i++) {
      try (Allowance allowance = quotas.begin("free", true)) {
        allowance.take(1_000_000_000L, Long.MAX_VALUE / 2_000);
      }
    }
    assertThat(asked).isZero();
    submit(1, 1);
    submit(1, 1);
    assertThat(asked).isEqualTo(1);
    nanos += 1_000_000_000;
    submit(1, 1);
    assertThat(asked).isEqualTo(2);
  }

  @Test
  void oneTenantsQuotaIsNotAnothers() {
    submit(100, 10);
    try (Allowance other = quotas.begin("globex", true)) {
      other.take(100, 10);
    }
  }
}
