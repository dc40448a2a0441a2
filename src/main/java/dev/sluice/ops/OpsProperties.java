package dev.sluice.ops;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How the service is watched.
 *
 * @param topDestinations destinations that get meters under their own name, 0 to 200; all others
 *     share {@code other}. Raise it to see more of them in {@code sluice_lane_*}; each costs about
 *     40 series
 * @param refresh how old lane and breaker gauges may be, 1 s or more
 * @param healthCache how long a store check answers readiness, 0 or more
 * @param healthTimeout how long readiness waits for a store check before it says no, 100 ms or more
 * @param stalledAfter a running batch without an outcome for so long is counted as stalled, 1 s or
 *     more
 * @param uploadIdleTimeout a request body without a byte for so long ends its connection, 100 ms or
 *     more; raise it for clients that pause while they upload
 * @param tracing makes spans of calls, batches and sampled attempts and sends them by OTLP; off,
 *     nothing of it is installed
 * @param webDrain at shutdown, how long requests to the API may still run once dispatch has drained
 */
@ConfigurationProperties(prefix = "sluice.ops", ignoreUnknownFields = false)
public record OpsProperties(
    @DefaultValue("20") int topDestinations,
    @DefaultValue("5s") Duration refresh,
    @DefaultValue("1s") Duration healthCache,
    @DefaultValue("2s") Duration healthTimeout,
    @DefaultValue("5m") Duration stalledAfter,
    @DefaultValue("60s") Duration uploadIdleTimeout,
    @DefaultValue("false") boolean tracing,
    @DefaultValue("5s") Duration webDrain) {

  public OpsProperties {
    if (topDestinations < 0 || topDestinations > 200) {
      throw new IllegalArgumentException(
          "sluice.ops.top-destinations must be 0..200, was " + topDestinations);
    }
    atLeast("refresh", refresh, Duration.ofSeconds(1));
    atLeast("health-cache", healthCache, Duration.ZERO);
    atLeast("health-timeout", healthTimeout, Duration.ofMillis(100));
    atLeast("stalled-after", stalledAfter, Duration.ofSeconds(1));
    atLeast("upload-idle-timeout", uploadIdleTimeout, Duration.ofMillis(100));
    atLeast("web-drain", webDrain, Duration.ZERO);
    if (uploadIdleTimeout.toMillis() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "sluice.ops.upload-idle-timeout must be at most 24 days, was " + uploadIdleTimeout);
    }
  }

  private static void atLeast(String key, Duration value, Duration least) {
    if (value.compareTo(least) < 0) {
      throw new IllegalArgumentException(
          "sluice.ops.%s must be at least %d ms, was %s".formatted(key, least.toMillis(), value));
    }
  }
}
