package dev.sluice.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How processes under test are set: small buffers, so that bounds are narrow and reached.
 *
 * @param concurrency in flight to one of the two destinations
 * @param outcomeBuffer outcomes that may be lost with the process
 * @param drain how long SIGTERM waits
 * @param shared whether there are other replicas: then each finds its own concurrency, for a given
 *     one is of all together, and ends with the database
 */
record Settings(int concurrency, int outcomeBuffer, Duration drain, boolean shared) {

  static final Settings USUAL = new Settings(32, 400, Duration.ofSeconds(35), false);

  static final Settings REPLICAS = new Settings(32, 400, Duration.ofSeconds(35), true);

  /** A replica whose outcomes nobody stores goes on for 9 s before its buffer stops it. */
  static final Settings ROOMY_REPLICAS = new Settings(32, 4_000, Duration.ofSeconds(35), true);

  Settings withDrain(Duration other) {
    return new Settings(concurrency, outcomeBuffer, other, shared);
  }

  private int globalConcurrency() {
    return 2 * concurrency;
  }

  /** Gives how many items a crash may send twice: in flight, and not yet stored. */
  int duplicateBound() {
    return globalConcurrency() + outcomeBuffer;
  }

  /** Gives how many items a crash may leave in doubt: the same, and what is intended besides. */
  int doubtBound() {
    return duplicateBound() + globalConcurrency();
  }

  List<String> arguments() {
    List<String> arguments = new ArrayList<>(limits());
    arguments.addAll(
        List.of(
            "--sluice.dispatch.outcome-buffer=" + outcomeBuffer,
            "--sluice.dispatch.flush-size=100",
            "--sluice.dispatch.global-concurrency=" + globalConcurrency(),
            "--sluice.dispatch.lane-backlog=600",
            "--sluice.dispatch.drain=" + drain.toMillis() + "ms",
            "--sluice.dispatch.breaker.open-for=300ms",
            "--sluice.dispatch.breaker.max-open-for=600ms",
            "--sluice.dispatch.retention.payloads=15s",
            "--sluice.store.cache-size=4MB"));
    return arguments;
  }

  private List<String> limits() {
    return shared
        ? List.of(
            "--sluice.dispatch.initial-concurrency=" + concurrency,
            "--sluice.dispatch.ceiling=" + concurrency)
        : List.of("--sluice.dispatch.concurrency=" + concurrency);
  }
}
