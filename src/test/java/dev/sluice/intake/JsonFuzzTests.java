package dev.sluice.intake;

import java.util.List;

class JsonFuzzTests extends SubmissionFuzz {

  private static final String OPTIONS =
      """
      {"name":"n","metadata":{"k":"v"},"options":{"delivery":"at_most_once","concurrency":50,
       "rate":{"permits":300,"per":"1s","burst":30},"retry":{"maxAttempts":8,"minBackoff":"1s",
       "multiplier":2,"maxBackoff":"10m","maxElapsed":"24h","jitter":"full","on":["429","5xx"],
       "notOn":["501"],"budget":0.2},"success":["2xx"],"timeout":"30s","weight":1,
       "notBefore":"2030-01-01T00:00:00Z","deadline":"2031-01-01T00:00:00Z","onBreakerOpen":"park",
       "haltOn":{"failureRatio":0.5,"after":100,"consecutiveAuthFailures":20,"action":"pause"},
       "canary":{"items":50,"maxFailureRatio":0.1},"auth":{"credential":"partner"},
       "capture":{"on":"always","bytes":4096}},
       "template":{"method":"POST","headers":{"X":"1","Cookie":"c"},"body":{"a":1}},"items":[ITEMS]}
      """;

  @Override
  protected List<String> seeds() {
    return List.of(
        OPTIONS.replace("ITEMS", String.join(",", ITEMS)),
        "{\"items\":[" + ITEMS.getFirst() + "]}",
        "{\"open\":true,\"template\":{\"url\":\"http://a.example\"},\"name\":null}");
  }

  @Override
  protected void parse(byte[] input) {
    read(SubmissionFormat.JSON, input, null);
  }
}
