package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.OptionFields;
import dev.sluice.api.OptionsReader;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.Canary;
import dev.sluice.model.Capture;
import dev.sluice.model.Delivery;
import dev.sluice.model.HaltOn;
import dev.sluice.model.Rate;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class OptionsTests {

  private static BatchOptions json(String options) {
    ObjectNode node = (ObjectNode) JsonEnvelope.parse(options.getBytes(StandardCharsets.UTF_8));
    return OptionsReader.read(OptionFields.ofBody(node, "/options"));
  }

  private static BatchOptions query(String query) {
    return OptionsReader.read(OptionFields.ofQuery(QueryString.of(query).takeRest()));
  }

  @Test
  void nothingGivenMeansTheDefaults() {
    assertThat(json("{}")).isEqualTo(BatchOptions.DEFAULT);
    assertThat(query(null)).isEqualTo(BatchOptions.DEFAULT);
    assertThat(json("{\"rate\":null,\"timeout\":null}")).isEqualTo(BatchOptions.DEFAULT);
  }

  @Test
  void jsonAndQuerySayTheSame() {
    BatchOptions options =
        json(
            """
            {"delivery":"at_least_once","concurrency":50,
             "rate":{"permits":300,"per":"2s","burst":30},
             "retry":{"maxAttempts":3,"minBackoff":"250ms","multiplier":1.5,"maxBackoff":"10s",
                      "maxElapsed":"PT1H","jitter":"decorrelated","budget":0.5,"on":["not_sent","5xx"],"notOn":[501]},
             "success":["2xx",304],"timeout":"5s","notBefore":"2030-01-01T00:00:00+01:00",
             "deadline":"2031-01-01T00:00:00Z",
             "haltOn":{"failureRatio":0.5,"after":20,"consecutiveAuthFailures":0,"action":"cancel"},
             "canary":{"items":50,"maxFailureRatio":0},
             "weight":7,"onBreakerOpen":"fail","onInvalid":"reject","openTimeout":"1h",
             "capture":{"on":"always","bytes":100}}
            """);

    assertThat(
            query(
                "delivery=at_least_once&concurrency=50&rate.permits=300&rate.per=2s&rate.burst=30"
                    + "&retry.maxAttempts=3&retry.minBackoff=250ms&retry.multiplier=1.5"
                    + "&retry.maxBackoff=10s&retry.maxElapsed=PT1H&retry.jitter=decorrelated&retry.budget=0.5"
                    + "&retry.on=not_sent&retry.on=5xx&retry.notOn=501&success=2xx,304&timeout=5s"
                    + "&notBefore=2030-01-01T00:00:00%2B01:00&deadline=2031-01-01T00:00:00Z&weight=7&onBreakerOpen=fail"
                    + "&haltOn.failureRatio=0.5&haltOn.after=20"
                    + "&haltOn.consecutiveAuthFailures=0&haltOn.action=cancel&canary.items=50"
                    + "&canary.maxFailureRatio=0&onInvalid=reject&openTimeout=1h&capture.on=always&capture.bytes=100"))
        .isEqualTo(options);
    assertThat(options.concurrency()).isEqualTo(50);
    assertThat(options.rate()).isEqualTo(new Rate(300, Duration.ofSeconds(2), 30));
    assertThat(options.retry().multiplier()).isEqualTo(1.5);
    assertThat(options.retry().notOn()).isEqualTo(List.of("501"));
    assertThat(options.success()).isEqualTo(List.of("2xx", "304"));
    assertThat(options.notBefore()).isEqualTo(Instant.parse("2029-12-31T23:00:00Z"));
    assertThat(options.haltOn()).isEqualTo(new HaltOn(0.5, 20, 0, HaltOn.Action.CANCEL));
    assertThat(options.canary()).isEqualTo(new Canary(50, 0));
    assertThat(options.deadline()).isEqualTo(Instant.parse("2031-01-01T00:00:00Z"));
    assertThat(options.capture()).isEqualTo(new Capture(Capture.On.ALWAYS, 100));
  }

  @Test
  void sendsAgainOnlyWhatWasProvablyNotSentWhenNothingMayGoTwice() {
    BatchOptions options = json("{\"delivery\":\"at_most_once\",\"retry\":{\"maxAttempts\":3}}");
    assertThat(options.delivery()).isEqualTo(Delivery.AT_MOST_ONCE);
    assertThat(options.retry().on()).containsExactly("not_sent");
    assertThat(json("{\"delivery\":\"at_most_once\",\"retry\":{\"on\":[\"429\"]}}").retry().on())
        .containsExactly("429");
  }

  @Test
  void aHaltRuleThatIsNotNamedKeepsItsDefault() {
    assertThat(json("{\"haltOn\":{\"failureRatio\":0.5}}").haltOn())
        .isEqualTo(new HaltOn(0.5, 100, 20, HaltOn.Action.PAUSE));
    assertThat(json("{\"haltOn\":{}}").haltOn()).isEqualTo(HaltOn.DEFAULT);
    assertThat(json("{\"canary\":{\"items\":7}}").canary()).isEqualTo(new Canary(7, 0.1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"window\":{}}",
        "{\"callback\":{}}",
        "{\"onInvalid\":\"skip\"}",
        "{\"maxInvalid\":5}",
      })
  void refusesWhatIsNotBuilt(String options) {
    assertThatThrownBy(() -> json(options))
        .isInstanceOfSatisfying(
            ApiProblem.class,
            problem -> {
              assertThat(problem.status()).isEqualTo(422);
              assertThat(problem.code()).isEqualTo("not_supported");
              assertThat(problem.errors().getFirst().pointer()).startsWith("/options/");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"nope\":1} | unknown_field | /options/nope",
        "{\"rate\":{\"permits\":1,\"nope\":1}} | unknown_field | /options/rate/nope",
        "{\"rate\":{}} | invalid_option | /options/rate/permits",
        "{\"rate\":5} | invalid_option | /options/rate",
        "{\"rate\":{\"permits\":0}} | invalid_option | /options/rate",
        "{\"rate\":{\"permits\":1.5}} | invalid_option | /options/rate/permits",
        "{\"rate\":{\"permits\":\"1\"}} | invalid_option | /options/rate/permits",
        "{\"concurrency\":0} | invalid_option | /options",
        "{\"concurrency\":99999999999} | invalid_option | /options/concurrency",
        "{\"timeout\":\"soon\"} | invalid_option | /options/timeout",
        "{\"timeout\":5} | invalid_option | /options/timeout",
        "{\"timeout\":\"999999999999d\"} | invalid_option | /options/timeout",
        "{\"retry\":{\"maxElapsed\":\"106751991168d\"}} | invalid_option | /options/retry/maxElapsed",
        "{\"timeout\":\"11m\"} | invalid_option | /options",
        "{\"success\":[]} | invalid_option | /options",
        "{\"success\":[\"9xx\"]} | invalid_option | /options",
        "{\"success\":\"2xx\"} | invalid_option | /options/success",
        "{\"success\":[{}]} | invalid_option | /options/success",
        "{\"weight\":0} | invalid_option | /options",
        "{\"notBefore\":\"tomorrow\"} | invalid_option | /options/notBefore",
        "{\"delivery\":\"at_most_once\",\"retry\":{\"on\":[\"maybe_sent\"]}} | invalid_option | /options",
        "{\"notBefore\":\"+99999-01-01T00:00:00Z\"} | invalid_option | /options/notBefore",
        "{\"deadline\":\"2h\"} | invalid_option | /options/deadline",
        "{\"deadline\":\"2026-01-31\"} | invalid_option | /options/deadline",
        "{\"deadline\":\"2030-01-01T00:00:00Z\",\"notBefore\":\"2030-01-01T00:00:00Z\"} | invalid_option | /options/deadline",
        "{\"delivery\":\"never\"} | invalid_option | /options/delivery",
        "{\"retry\":{\"budget\":1.1}} | invalid_option | /options/retry",
        "{\"retry\":{\"budget\":\"x\"}} | invalid_option | /options/retry/budget",
        "{\"onBreakerOpen\":\"x\"} | invalid_option | /options/onBreakerOpen",
        "{\"retry\":{\"jitter\":\"x\"}} | invalid_option | /options/retry/jitter",
        "{\"retry\":{\"maxAttempts\":101}} | invalid_option | /options/retry",
        "{\"retry\":{\"multiplier\":\"2\"}} | invalid_option | /options/retry/multiplier",
        "{\"retry\":{\"on\":[\"sometimes\"]}} | invalid_option | /options/retry",
        "{\"capture\":{\"on\":\"maybe\"}} | invalid_option | /options/capture/on",
        "{\"capture\":{\"bytes\":65537}} | invalid_option | /options/capture",
        "{\"openTimeout\":\"0s\"} | invalid_option | /options",
        "{\"haltOn\":true} | invalid_option | /options/haltOn",
        "{\"haltOn\":{\"nope\":1}} | unknown_field | /options/haltOn/nope",
        "{\"haltOn\":{\"failureRatio\":0}} | invalid_option | /options/haltOn",
        "{\"haltOn\":{\"failureRatio\":1.1}} | invalid_option | /options/haltOn",
        "{\"haltOn\":{\"failureRatio\":\"0.5\"}} | invalid_option | /options/haltOn/failureRatio",
        "{\"haltOn\":{\"after\":10}} | invalid_option | /options/haltOn/after",
        "{\"haltOn\":{\"failureRatio\":0.5,\"after\":0}} | invalid_option | /options/haltOn",
        "{\"haltOn\":{\"consecutiveAuthFailures\":-1}} | invalid_option | /options/haltOn",
        "{\"haltOn\":{\"consecutiveAuthFailures\":2.5}} | invalid_option | /options/haltOn/consecutiveAuthFailures",
        "{\"haltOn\":{\"action\":\"PAUSE\"}} | invalid_option | /options/haltOn/action",
        "{\"canary\":50} | invalid_option | /options/canary",
        "{\"canary\":{}} | invalid_option | /options/canary/items",
        "{\"canary\":{\"items\":0}} | invalid_option | /options/canary",
        "{\"canary\":{\"items\":100001}} | invalid_option | /options/canary",
        "{\"canary\":{\"items\":5,\"maxFailureRatio\":-0.1}} | invalid_option | /options/canary",
        "{\"canary\":{\"items\":5,\"share\":0.1}} | unknown_field | /options/canary/share",
      })
  void refusesWhatIsWrong(String options, String code, String pointer) {
    assertThatThrownBy(() -> json(options))
        .isInstanceOfSatisfying(
            ApiProblem.class,
            problem -> {
              assertThat(problem.code()).isEqualTo(code);
              assertThat(problem.status()).isEqualTo(400);
              assertThat(problem.errors().getFirst().pointer()).isEqualTo(pointer);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "nope=1, unknown_parameter",
    "rate.nope=1&rate.permits=1, unknown_parameter",
    "rate=1&rate.permits=2, unknown_parameter",
    "rate.permits=2&rate=1, unknown_parameter",
    "a.b.c.d.e.f.g=2, unknown_parameter",
    "concurrency=, invalid_option",
    "concurrency=x, invalid_option",
    "concurrency=1&concurrency=2, invalid_option",
    "rate.permits=1e3, invalid_option",
    "retry.multiplier=NaN, invalid_option",
    "window.timeZone=UTC, not_supported",
    "callback.url=http://a/, not_supported",
    "timeout=%zz, invalid_parameter",
    "timeout=%ff, invalid_parameter",
  })
  void refusesWrongParameters(String query, String code) {
    assertThatThrownBy(() -> query(query))
        .isInstanceOfSatisfying(
            ApiProblem.class, problem -> assertThat(problem.code()).isEqualTo(code));
  }
}
