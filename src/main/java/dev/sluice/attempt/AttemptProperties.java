package dev.sluice.attempt;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How Sluice speaks HTTP to destinations.
 *
 * @param connectTimeout longest TCP connect and wait for a pooled connection
 * @param maxIdleTime a pooled connection idle for longer is closed; keep it below the peers'
 *     keep-alive
 * @param maxConnectionsPerDestination size of a destination's pool; at least the lane's concurrency
 *     ceiling + 16, so that nothing ever waits inside the pool
 * @param maxResponse response bytes read before the connection is closed; the verdict stands by
 *     then
 * @param maxResponseHeaders header bytes of a response; more is a protocol failure
 * @param maxCapturedHeaderBytes header bytes kept with a captured response
 * @param idempotencyHeader name of the header that carries an item's key
 * @param eventLoops event-loop threads; 0 means one per core
 * @param leakDetection Netty's search for buffers that were never released: {@code disabled},
 *     {@code simple}, {@code advanced} or {@code paranoid}; {@code simple} costs about 1 µs per
 *     attempt
 */
@ConfigurationProperties("sluice.attempt")
public record AttemptProperties(
    @DefaultValue("5s") Duration connectTimeout,
    @DefaultValue("20s") Duration maxIdleTime,
    @DefaultValue("1016") int maxConnectionsPerDestination,
    @DefaultValue("64KB") DataSize maxResponse,
    @DefaultValue("32KB") DataSize maxResponseHeaders,
    @DefaultValue("8192") int maxCapturedHeaderBytes,
    @DefaultValue("Idempotency-Key") String idempotencyHeader,
    @DefaultValue("0") int eventLoops,
    @DefaultValue("disabled") LeakDetection leakDetection) {

  /** Netty's levels. */
  public enum LeakDetection {
    DISABLED,
    SIMPLE,
    ADVANCED,
    PARANOID
  }

  public AttemptProperties {
    if (!connectTimeout.isPositive() || !maxIdleTime.isPositive()) {
      throw new IllegalArgumentException(
          "sluice.attempt.connect-timeout and max-idle-time must be positive durations");
    }
    if (maxConnectionsPerDestination < 1 || eventLoops < 0) {
      throw new IllegalArgumentException(
          "sluice.attempt.max-connections-per-destination must be at least 1 and event-loops not negative");
    }
  }
}
