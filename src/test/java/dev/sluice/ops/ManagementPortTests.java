package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchState;
import dev.sluice.model.Destination;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.DispatchTracer;
import dev.sluice.model.HaltRule;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.Verdict;
import dev.sluice.store.BacklogBoard.Backlog;
import dev.sluice.store.LaneBoard.Lane;
import dev.sluice.store.LaneSnapshot;
import dev.sluice.store.StoreException;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.retry.RetryRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ApplicationContext;

/** The management port as Prometheus and the kubelet see it: over sockets. */
@SpringBootTest(
    classes = OpsTestApplication.class,
    webEnvironment = WebEnvironment.RANDOM_PORT,
    properties = {
      "management.server.port=0",
      "sluice.ops.refresh=1h",
      "sluice.ops.health-timeout=1s"
    })
class ManagementPortTests {

  private static final Destination API = new Destination("https", "api.example.com", 443);

  @LocalServerPort int apiPort;
  @LocalManagementPort int managementPort;
  @Autowired ApplicationContext context;
  @Autowired DispatchObserver observer;
  @Autowired MeterRegistry registry;
  @Autowired MeterRefresh refresh;
  @Autowired SettableClock clock;
  @Autowired OpsTestApplication.CommandedStore store;
  @Autowired OpsTestApplication.CommandedBoard board;
  @Autowired OpsTestApplication.CommandedBacklog backlog;
  @Autowired CircuitBreakerRegistry breakers;
  @Autowired RateLimiterRegistry rates;
  @Autowired RetryRegistry retries;

  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void closeClient() {
    client.close();
  }

  @Test
  void showsWhatTheObserverHeard() throws Exception {
    String before = prometheus();
    observer.batchAccepted(10);
    observer.shardsClaimed(2, 10);
    observer.claimEnded(3_000_000, true);
    observer.claimEnded(3_000_000, false);
    observer.attemptStarted(API);
    observer.attemptEnded(
        API, new Verdict.Succeeded(new Verdict.Reply(200, null)), Duration.ofMillis(7).toNanos());
    observer.attemptEnded(
        API, new Verdict.NotSent(new Verdict.Failure("connect", "refused")), 1_000_000);
    observer.retryDecided(API);
    observer.outcomesCommitted(OutcomeState.SUCCEEDED, 4);
    observer.outcomesCommitted(OutcomeState.IN_DOUBT, 1);
    observer.settleEnded(5, 2_000_000, true);
    observer.settleEnded(5, 2_000_000, false);
    observer.leaseLost(3);
    observer.shardsGivenBack(1);
    observer.batchHalted(HaltRule.CANARY);
    observer.drainCut(2);
    observer.replicaRetired();
    observer.loopsSampled(3_000_000);

    String after = prometheus();
    assertGrown(before, after, "sluice_batches_accepted_total", 1);
    assertGrown(before, after, "sluice_items_accepted_total", 10);
    assertGrown(before, after, "sluice_items_claimed_total", 10);
    assertGrown(before, after, "sluice_shards_claimed_total", 2);
    assertGrown(before, after, "sluice_claim_duration_seconds_count{answered=\"true\"}", 1);
    assertGrown(before, after, "sluice_claim_duration_seconds_count{answered=\"false\"}", 1);
    assertGrown(before, after, "sluice_shards_given_back_total", 1);
    assertGrown(before, after, "sluice_attempts_started_total", 1);
    assertGrown(before, after, "sluice_attempts_ended_total{verdict=\"succeeded\"}", 1);
    assertGrown(before, after, "sluice_attempts_ended_total{verdict=\"not_sent\"}", 1);
    assertGrown(before, after, "sluice_attempt_duration_seconds_count{verdict=\"succeeded\"}", 1);
    assertGrown(
        before,
        after,
        "sluice_attempt_duration_seconds_bucket{verdict=\"succeeded\",le=\"0.005\"}",
        0);
    assertGrown(
        before,
        after,
        "sluice_attempt_duration_seconds_bucket{verdict=\"succeeded\",le=\"0.01\"}",
        1);
    assertGrown(before, after, "sluice_retries_total", 1);
    assertGrown(before, after, "sluice_items_settled_total{state=\"succeeded\"}", 4);
    assertGrown(before, after, "sluice_items_settled_total{state=\"in_doubt\"}", 1);
    assertGrown(before, after, "sluice_items_settled_total{state=\"rejected\"}", 0);
    assertGrown(before, after, "sluice_settle_duration_seconds_count{committed=\"true\"}", 1);
    assertGrown(before, after, "sluice_settle_duration_seconds_count{committed=\"false\"}", 1);
    assertGrown(before, after, "sluice_outcomes_dropped_total", 3);
    assertGrown(before, after, "sluice_batches_halted_total{rule=\"canary\"}", 1);
    assertGrown(before, after, "sluice_batches_halted_total{rule=\"authentication\"}", 0);
    assertGrown(before, after, "sluice_drain_cut_total", 2);
    assertGrown(before, after, "sluice_replica_retired_total", 1);
    assertGrown(before, after, "sluice_loop_lag_seconds_count", 1);
    assertGrown(before, after, "sluice_loop_lag_seconds_bucket{le=\"0.001\"}", 0);
    assertGrown(before, after, "sluice_loop_lag_seconds_bucket{le=\"0.005\"}", 1);
    assertThat(value(after, "sluice_outcomes_unflushed")).isEqualTo(12);
    assertThat(value(after, "sluice_payload_held_bytes")).isEqualTo(34_000);
    assertThat(value(after, "sluice_pool_pending")).isEqualTo(2);
    assertThat(value(after, "sluice_pool_acquired")).isEqualTo(11);
  }

  @Test
  void showsWhatTheStoreHasToDo() throws Exception {
    clock.advance(Duration.ofMinutes(1));
    backlog.backlog =
        new Backlog(
            Map.of(BatchState.RUNNING, 3, BatchState.PAUSED, 1),
            4_000,
            clock.instant().minusSeconds(90),
            2);
    refresh.refresh();
    assertThat(backlog.stalledSince).isEqualTo(clock.instant().minus(Duration.ofMinutes(5)));
    String text = prometheus();
    assertThat(value(text, "sluice_backlog_items")).isEqualTo(4_000);
    assertThat(value(text, "sluice_backlog_age_seconds")).isEqualTo(90);
    assertThat(value(text, "sluice_batches_stalled")).isEqualTo(2);
    assertThat(value(text, "sluice_batches_unfinished{state=\"running\"}")).isEqualTo(3);
    assertThat(value(text, "sluice_batches_unfinished{state=\"paused\"}")).isEqualTo(1);
    assertThat(value(text, "sluice_batches_unfinished{state=\"queued\"}")).isZero();

    backlog.backlog = new Backlog(Map.of(), 0, null, 0);
    clock.advance(Duration.ofSeconds(14));
    refresh.refresh();
    assertThat(value(prometheus(), "sluice_backlog_items")).as("seldom").isEqualTo(4_000);
    clock.advance(Duration.ofSeconds(1));
    refresh.refresh();
    assertThat(value(prometheus(), "sluice_backlog_items")).isZero();
    assertThat(value(prometheus(), "sluice_backlog_age_seconds")).isZero();
  }

  @Test
  void everyMeterIsInTheMetricsPageAndTheOtherWayRound() throws Exception {
    refresh.refresh();
    Set<String> scraped =
        prometheus()
            .lines()
            .filter(line -> line.startsWith("# TYPE sluice_"))
            .map(line -> line.split(" ", -1)[2])
            .filter(name -> !name.endsWith("_max"))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> documented =
        Pattern.compile("`(sluice_[a-z_]+)`")
            .matcher(Files.readString(Path.of("src/docs/metrics.md")))
            .results()
            .map(result -> result.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(documented).isEqualTo(scraped);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/actuator/health",
        "/actuator/health/liveness",
        "/actuator/info",
        "/actuator/prometheus"
      })
  void answersItsFewEndpoints(String path) throws Exception {
    assertThat(get(path).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/actuator",
        "/actuator/env",
        "/actuator/beans",
        "/actuator/heapdump",
        "/actuator/threaddump",
        "/actuator/lanes",
        "/actuator/recording",
        "/actuator/loggers",
        "/actuator/configprops",
        "/actuator/mappings",
        "/actuator/metrics",
        "/actuator/shutdown",
        "/actuator/conditions",
        "/actuator/scheduledtasks",
        "/actuator/caches",
        "/actuator/httpexchanges"
      })
  void hidesEveryOtherEndpoint(String path) throws Exception {
    assertThat(get(path).statusCode()).isEqualTo(404);
    HttpRequest post =
        HttpRequest.newBuilder(at(managementPort, path))
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    assertThat(client.send(post, BodyHandlers.ofString()).statusCode()).isBetween(400, 499);
  }

  @Test
  void nothingTracesUnlessAsked() {
    assertThat(context.getBeanNamesForType(io.micrometer.tracing.Tracer.class)).isEmpty();
    assertThat(context.getBeanNamesForType(io.opentelemetry.api.OpenTelemetry.class)).isEmpty();
    assertThat(observer.tracer()).isSameAs(DispatchTracer.NONE);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("BatchSpanProcessor"));
  }

  @Test
  void keepsTheManagementPortApartFromTheApi() throws Exception {
    HttpResponse<String> onApi =
        client.send(
            HttpRequest.newBuilder(at(apiPort, "/actuator/health")).build(),
            BodyHandlers.ofString());
    assertThat(onApi.statusCode()).isEqualTo(404);
  }

  @Test
  void isReadyUntilTheStoreFailsAndAgainWhenItAnswers() throws Exception {
    assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);

    store.check =
        () -> {
          throw new StoreException(
              StoreException.Kind.UNAVAILABLE, "no space left in /secret/path");
        };
    clock.advance(Duration.ofMillis(999));
    assertThat(get("/actuator/health/readiness").statusCode()).as("cached").isEqualTo(200);

    clock.advance(Duration.ofSeconds(1));
    HttpResponse<String> down = get("/actuator/health/readiness");
    assertThat(down.statusCode()).isEqualTo(503);
    assertThat(down.body()).isEqualTo("{\"status\":\"DOWN\"}");
    assertThat(get("/actuator/health/liveness").statusCode())
        .as("a restart would not mend the store")
        .isEqualTo(200);

    store.check = () -> {};
    clock.advance(Duration.ofSeconds(1));
    assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);
  }

  @Test
  void staysReadyWithoutAStoreThatOthersShare() throws Exception {
    store.shared = true;
    store.check =
        () -> {
          throw new StoreException(StoreException.Kind.UNAVAILABLE, "it does not answer");
        };
    try {
      clock.advance(Duration.ofSeconds(2));
      for (String path : List.of("/readiness", "/liveness", "")) {
        assertThat(get("/actuator/health" + path).statusCode()).as(path).isEqualTo(200);
      }
      assertThat(get("/actuator/prometheus").body()).contains("sluice_store_up 0.0");
    } finally {
      store.shared = false;
      store.check = () -> {};
      clock.advance(Duration.ofSeconds(2));
    }
    assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);
    assertThat(get("/actuator/prometheus").body()).contains("sluice_store_up 1.0");
  }

  @Test
  void isNotReadyWhileAStoreCheckHangs() throws Exception {
    CountDownLatch hang = new CountDownLatch(1);
    store.check =
        () -> {
          try {
            hang.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    clock.advance(Duration.ofSeconds(2));
    try {
      assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(503);
      assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(503);
    } finally {
      store.check = () -> {};
      hang.countDown();
    }
    assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);
  }

  @Test
  void isNotReadyWhileDraining() throws Exception {
    AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
    try {
      assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(503);
      assertThat(get("/actuator/health/liveness").statusCode()).isEqualTo(200);
    } finally {
      AvailabilityChangeEvent.publish(context, ReadinessState.ACCEPTING_TRAFFIC);
    }
    assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);
  }

  @Test
  void staysUnderOneMebibyteWithAHundredThousandDestinations() throws Exception {
    try {
      for (int i = 0; i < 100_000; i++) {
        Destination destination = new Destination("https", "host-" + i + ".example.com", 443);
        observer.attemptStarted(destination);
        observer.attemptEnded(
            destination, new Verdict.Succeeded(new Verdict.Reply(200, null)), 1_000_000);
        board.lanes.add(
            new Lane(destination, new LaneSnapshot(i, i % 7, i, 8, "closed", null, 1, null)));
        breakers.circuitBreaker(destination.key());
        rates.rateLimiter(destination.key());
        // What a library would do unasked.
        Timer.builder("http.client.requests")
            .tag("client.name", destination.host())
            .tag("uri", "/orders/" + i)
            .register(registry)
            .record(Duration.ofMillis(1));
        registry.counter("reactor.netty.x", "remote.address", destination.host()).increment();
      }
      refresh.refresh();
      retries.retry("bat_1");

      String text = prometheus();
      assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(1 << 20);
      assertThat(series(text, "sluice_destination_attempts_total{"))
          .hasSize((20 + 1) * VerdictKind.values().length);
      assertThat(series(text, "sluice_lane_backlog{")).hasSize(20 + 1);
      assertThat(series(text, "resilience4j_circuitbreaker_failure_rate{")).hasSize(20);
      assertThat(series(text, "resilience4j_ratelimiter_available_permissions{")).hasSize(20);
      assertThat(series(text, "http_client_requests_seconds_count")).hasSize(1);
      assertThat(text).doesNotContain("reactor_netty");
      assertThat(value(text, "sluice_lanes{breaker=\"closed\"}")).isEqualTo(100_000);
      double backlog =
          series(text, "sluice_lane_backlog{").stream()
              .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
              .sum();
      assertThat(backlog).isEqualTo(100_000.0 * 99_999 / 2);
    } finally {
      board.lanes.clear();
      refresh.refresh();
    }
  }

  private void assertGrown(String before, String after, String series, double by) {
    assertThat(value(after, series) - value(before, series)).as(series).isEqualTo(by);
  }

  private static double value(String text, String series) {
    return series(text, series + " ").stream()
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No series " + series + " in\n" + text));
  }

  private static List<String> series(String text, String prefix) {
    return text.lines().filter(line -> line.startsWith(prefix)).toList();
  }

  private String prometheus() throws Exception {
    HttpResponse<String> answer = get("/actuator/prometheus");
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.body();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(at(managementPort, path)).build(), BodyHandlers.ofString());
  }

  private static URI at(int port, String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }
}
