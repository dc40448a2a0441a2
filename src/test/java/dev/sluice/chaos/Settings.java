package dev.sluice.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How the process under test is set: small buffers, so that bounds are narrow and reached.
 *
 * @param concurrency in flight to one destination; there are two
 * @param outcomeBuffer outcomes that may be lost with the process
 * @param backlog items of a lane, which may be in doubt after a crash
 * @param drain how long SIGTERM waits
 */
record Settings(int concurrency, int outcomeBuffer, int backlog, Duration drain) {

  static final Settings USUAL = new Settings(32, 400, 600, Duration.ofSeconds(35));

  private static final int DESTINATIONS = 2;
  private static final int MAX_SHARD = 500;

  Settings withDrain(Duration other) {
    return new Settings(concurrency, outcomeBuffer, backlog, other);
  }

  /** Gives how many items a crash may send twice: in flight, and not yet stored. */
  int duplicateBound() {
    return DESTINATIONS * concurrency + outcomeBuffer;
  }

  /** Gives how many items a crash may leave in doubt: what lanes held, to the end of a shard. */
  int doubtBound() {
    return DESTINATIONS * (backlog + MAX_SHARD);
  }

  List<String> arguments() {
    return new ArrayList<>(
        List.of(
            "--sluice.dispatch.concurrency=" + concurrency,
            "--sluice.dispatch.outcome-buffer=" + outcomeBuffer,
            "--sluice.dispatch.flush-size=100",
            "--sluice.dispatch.lane-backlog=" + backlog,
            "--sluice.dispatch.drain=" + drain.toMillis() + "ms",
            "--sluice.dispatch.breaker.open-for=300ms",
            "--sluice.dispatch.breaker.max-open-for=600ms",
            "--sluice.dispatch.retention.payloads=15s",
            "--sluice.store.cache-size=4MB"));
  }
}
