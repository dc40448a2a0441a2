package dev.sluice.report;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How the read side streams.
 *
 * @param eventInterval time between two looks of an event stream; 100 ms to 1 min; raise it when
 *     many streams are open
 * @param heartbeat longest silence of an event stream; keep it below the idle timeout of whatever
 *     stands between
 * @param maxEventStreams event streams at the same time; one beyond is refused with 503
 * @param resultPage rows read at a time while results are streamed; 1 to 1,000; each may carry a
 *     body, so this bounds the memory of a stream
 */
@ConfigurationProperties(value = "sluice.report", ignoreUnknownFields = false)
record ReportSettings(
    @DefaultValue("1s") Duration eventInterval,
    @DefaultValue("15s") Duration heartbeat,
    @DefaultValue("256") int maxEventStreams,
    @DefaultValue("250") int resultPage) {

  ReportSettings {
    if (eventInterval.toMillis() < 100 || eventInterval.toSeconds() > 60) {
      throw new IllegalArgumentException(
          "sluice.report.event-interval must be 100ms..1m, was " + eventInterval);
    }
    if (!heartbeat.isPositive()) {
      throw new IllegalArgumentException(
          "sluice.report.heartbeat must be positive, was " + heartbeat);
    }
    if (maxEventStreams < 1) {
      throw new IllegalArgumentException(
          "sluice.report.max-event-streams must be at least 1, was " + maxEventStreams);
    }
    if (resultPage < 1 || resultPage > 1000) {
      throw new IllegalArgumentException(
          "sluice.report.result-page must be 1..1000, was " + resultPage);
    }
  }
}
