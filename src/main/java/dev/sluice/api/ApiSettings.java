package dev.sluice.api;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How the API answers.
 *
 * @param maxWait longest wait that {@code Prefer: wait} is granted; 1 s to 10 min; raise it only
 *     when nothing between client and Sluice cuts idle connections earlier
 * @param maxWaits requests that may wait at the same time; one beyond is answered at once, without
 *     {@code Preference-Applied}
 * @param waitResults most items of a finished batch whose results are put into the answer of a wait
 * @param stalledAfter a running batch without an outcome for so long is shown as stalled
 */
@ConfigurationProperties(value = "sluice.api", ignoreUnknownFields = false)
record ApiSettings(
    @DefaultValue("60s") Duration maxWait,
    @DefaultValue("256") int maxWaits,
    @DefaultValue("1000") int waitResults,
    @DefaultValue("5m") Duration stalledAfter) {

  ApiSettings {
    if (maxWait.toSeconds() < 1 || maxWait.toMinutes() > 10) {
      throw new IllegalArgumentException("sluice.api.max-wait must be 1s..10m, was " + maxWait);
    }
    if (maxWaits < 0) {
      throw new IllegalArgumentException(
          "sluice.api.max-waits must not be negative, was " + maxWaits);
    }
    if (waitResults < 0 || waitResults > 10_000) {
      throw new IllegalArgumentException(
          "sluice.api.wait-results must be 0..10000, was " + waitResults);
    }
    if (!stalledAfter.isPositive()) {
      throw new IllegalArgumentException(
          "sluice.api.stalled-after must be positive, was " + stalledAfter);
    }
  }
}
