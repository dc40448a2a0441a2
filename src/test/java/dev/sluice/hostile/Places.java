package dev.sluice.hostile;

import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.SluiceClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Counts how many attempts a process can still have in flight: a place that was lost is missing.
 */
final class Places {

  private static final Fault SILENCE = Faults.named("silence");
  private static final Duration TIMEOUT = Duration.ofSeconds(6);
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private Places() {}

  /**
   * Fills every place with requests that nobody answers.
   *
   * @param expected attempts in flight that the process allows
   * @param perDestination of them to one destination
   * @return those that were in flight at once, no more than expected
   */
  static long count(SluiceClient client, int expected, int perDestination) throws IOException {
    List<HostileDestination> destinations = new ArrayList<>();
    List<String> batches = new ArrayList<>();
    try {
      while (destinations.size() * perDestination < expected) {
        HostileDestination destination = HostileDestination.start();
        destinations.add(destination);
        String url = destination.url(SILENCE);
        batches.add(
            client.submit(
                perDestination,
                "retry.maxAttempts=1&timeout=" + TIMEOUT.toMillis() + "ms",
                _ -> "{\"url\":\"" + url + "\"}"));
      }
      long inFlight = awaitArrivals(destinations, expected);
      batches.forEach(batch -> client.awaitFinished(batch, LIMIT));
      return inFlight;
    } finally {
      for (HostileDestination destination : destinations) {
        destination.close();
      }
    }
  }

  /** Every arrival before the first deadline is one attempt in flight. */
  private static long awaitArrivals(List<HostileDestination> destinations, int expected) {
    try {
      await().atMost(TIMEOUT.dividedBy(2)).until(() -> arrived(destinations) >= expected);
    } catch (ConditionTimeoutException missing) {
      return arrived(destinations);
    }
    return expected;
  }

  private static long arrived(List<HostileDestination> destinations) {
    return destinations.stream().mapToLong(each -> each.oracle().receivedCount()).sum();
  }
}
