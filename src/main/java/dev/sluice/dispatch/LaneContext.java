package dev.sluice.dispatch;

import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Rate;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What all lanes of a process share.
 *
 * @param settler turns verdicts into outcomes and retries
 * @param memory payload bytes in memory
 * @param processIsSlow tells whether this process is what limits throughput
 * @param globalPacer the rate of all that this process sends, if there is one
 * @param shares of limits that all replicas keep together
 * @param intents windows of what must not go twice
 * @param isolation where shards run alone
 * @param work tells the feeder that a lane has room; returns at once
 */
record LaneContext(
    DispatchProperties properties,
    ProcessClock clock,
    LaneTimer timer,
    Admission admission,
    Settler settler,
    PayloadMemory memory,
    CircuitBreakerRegistry breakers,
    DispatchObserver observer,
    BooleanSupplier processIsSlow,
    @Nullable RatePacer globalPacer,
    Shares shares,
    IntentWindows intents,
    Isolation isolation,
    Runnable work) {

  @Nullable Rate defaultRate() {
    DispatchProperties.DefaultRate rate = properties.defaultRate();
    return rate == null ? null : rate.toRate();
  }
}
