package dev.sluice.dispatch;

import dev.sluice.model.Rate;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How fast and how much is sent.
 *
 * @param concurrency fixed number of attempts in flight to one destination, 1 to {@code ceiling};
 *     when absent each destination finds its own. An operator may set another for a destination
 * @param initialConcurrency what a destination that finds its own begins with
 * @param ceiling most attempts in flight to one destination whatever anyone sets
 * @param globalConcurrency most attempts in flight in this process
 * @param defaultRate attempts per period to one destination; none when absent
 * @param tenantRate attempts per period of one tenant, whatever their destinations; none when
 *     absent
 * @param globalRate attempts per period of this process; none when absent
 * @param laneBacklog items a lane keeps in memory; refilled at half
 * @param payloadShare share of the heap that claimed payloads may take, 0.01 to 0.5; one lane takes
 *     a quarter of it
 * @param maxLanes destinations with a lane at once; 0 means one per 128 KiB of heap, at most 10,000
 * @param laneIdle a lane without work for so long is dropped
 * @param outcomeBuffer outcomes not yet on disk at which sending stops; bounds what a crash sends
 *     twice
 * @param flushSize most outcomes of one group commit
 * @param flushInterval longest wait of an outcome for its group commit
 * @param intentWindow most items of a batch and destination that are intended and not yet begun
 *     where nothing may go twice, at least 1; what a crash leaves in doubt beside what is in
 *     flight. Fewer cost a commit more often
 * @param tick how often deadlines are looked at; an attempt may overrun by as much
 * @param laneWait a retry due within this waits in the lane, a later one in the store
 * @param parkAfter a destination blocked for longer gives its shards back
 * @param drain longest wait for running attempts at shutdown
 * @param breaker when a destination is left alone
 * @param retention how long finished things are kept
 */
@ConfigurationProperties("sluice.dispatch")
public record DispatchProperties(
    @Nullable Integer concurrency,
    @DefaultValue("8") int initialConcurrency,
    @DefaultValue("200") int ceiling,
    @DefaultValue("1000") int globalConcurrency,
    @Nullable DefaultRate defaultRate,
    @Nullable DefaultRate tenantRate,
    @Nullable DefaultRate globalRate,
    @DefaultValue("2000") int laneBacklog,
    @DefaultValue("0.2") double payloadShare,
    @DefaultValue("0") int maxLanes,
    @DefaultValue("5m") Duration laneIdle,
    @DefaultValue("2000") int outcomeBuffer,
    @DefaultValue("1000") int flushSize,
    @DefaultValue("20ms") Duration flushInterval,
    @DefaultValue("256") int intentWindow,
    @DefaultValue("50ms") Duration tick,
    @DefaultValue("60s") Duration laneWait,
    @DefaultValue("5s") Duration parkAfter,
    @DefaultValue("35s") Duration drain,
    @DefaultValue Breaker breaker,
    @DefaultValue Retention retention) {

  /**
   * Heap per lane. A lane that sent one item takes about 25 KiB, with its pool, connection and
   * breaker: a fifth of the heap.
   */
  private static final int LANE_HEAP_BYTES = 128 * 1024;

  public DispatchProperties {
    if (ceiling < 1 || (concurrency != null && (concurrency < 1 || concurrency > ceiling))) {
      throw new IllegalArgumentException(
          "sluice.dispatch.concurrency must be 1..ceiling (%d), was %d; raise sluice.dispatch.ceiling with it"
              .formatted(ceiling, concurrency));
    }
    if (initialConcurrency < 1) {
      throw new IllegalArgumentException(
          "sluice.dispatch.initial-concurrency must be at least 1, was " + initialConcurrency);
    }
    if (globalConcurrency < 1 || laneBacklog < 2 || maxLanes < 0) {
      throw new IllegalArgumentException(
          "sluice.dispatch.global-concurrency must be at least 1, lane-backlog at least 2, max-lanes not negative");
    }
    if (maxLanes == 0) {
      maxLanes = Math.clamp(Runtime.getRuntime().maxMemory() / LANE_HEAP_BYTES, 100, 10_000);
    }
    if (payloadShare < 0.01 || payloadShare > 0.5) {
      throw new IllegalArgumentException(
          "sluice.dispatch.payload-share must be 0.01..0.5, was " + payloadShare);
    }
    if (intentWindow < 1) {
      throw new IllegalArgumentException(
          "sluice.dispatch.intent-window must be at least 1, was " + intentWindow);
    }
    if (flushSize < 1 || outcomeBuffer < flushSize) {
      throw new IllegalArgumentException(
          "sluice.dispatch.flush-size must be at least 1 and outcome-buffer at least flush-size");
    }
  }

  /**
   * A rate in properties.
   *
   * @param permits attempts per period
   * @param per the period
   * @param burst attempts that may start together
   */
  public record DefaultRate(
      int permits, @DefaultValue("1s") Duration per, @DefaultValue("1") int burst) {

    Rate toRate() {
      return new Rate(permits, per, burst);
    }
  }

  /**
   * When a destination is left alone.
   *
   * @param failureRatio share of failed attempts that opens the breaker, 0.01 to 1
   * @param minimumCalls attempts within the window before the share counts
   * @param window how far back the share looks
   * @param openFor first time left alone
   * @param maxOpenFor longest time left alone; it doubles up to this
   * @param probes attempts that decide whether to go on
   */
  public record Breaker(
      @DefaultValue("0.8") double failureRatio,
      @DefaultValue("20") int minimumCalls,
      @DefaultValue("30s") Duration window,
      @DefaultValue("30s") Duration openFor,
      @DefaultValue("10m") Duration maxOpenFor,
      @DefaultValue("3") int probes) {}

  /**
   * How long finished things are kept.
   *
   * @param payloads inputs and captured responses
   * @param rows outcomes and attempts
   * @param batches the batch itself
   */
  public record Retention(
      @DefaultValue("7d") Duration payloads,
      @DefaultValue("30d") Duration rows,
      @DefaultValue("365d") Duration batches) {}
}
