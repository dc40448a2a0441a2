package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Script;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.fixture.TargetServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import tools.jackson.databind.JsonNode;

/**
 * Half of all attempts fail, at random: every item ends all the same, and while first attempts wait
 * retries take no more than their share. {@code -Dsluice.faults.items=100000} is the full run.
 *
 * <p>Options are the defaults but for a short backoff and so many attempts that none runs out.
 */
@Isolated("it bounds what is sent for each first try, however busy the process is")
class HalfFaultsIT {

  private static final int ITEMS = Integer.getInteger("sluice.faults.items", 10_000);
  private static final int ATTEMPTS = 60;
  private static final Duration LIMIT = Duration.ofSeconds(60 + ITEMS / 100);

  /**
   * What {@code retry.budget} says by default, a fifth of all may be retries: 1.25, and a little
   * for retries that overtake the very last first attempts on the wire.
   */
  private static final double MOST_SENDS_PER_FIRST_ATTEMPT = 1.251;

  @Test
  void endsEveryItemAndLetsFirstAttemptsGoFirst(@TempDir Path directory) {
    Half half = new Half();
    try (TargetServer target = TargetServer.start().on("/item", half);
        SluiceProcess sluice = SluiceProcess.in(directory).start();
        SluiceClient client = new SluiceClient(sluice.uri())) {
      String url = target.url("/item");
      long began = System.nanoTime();

      String id =
          client.submit(
              ITEMS,
              "retry.minBackoff=50ms&retry.maxBackoff=1s&retry.maxAttempts=" + ATTEMPTS,
              _ -> "{\"url\":\"%s\"}".formatted(url));
      JsonNode counts = client.awaitFinished(id, LIMIT).path("counts");

      double ratio = (double) half.sendsAtLastFirst / ITEMS;
      System.out.printf(
          "%,d items, half of the attempts fail: %,d attempts in %.1f s; %.4f sends per first"
              + " attempt until the last of those; %s%n",
          ITEMS, half.sends.get(), (System.nanoTime() - began) / 1e9, ratio, counts);
      assertThat(counts.path("expired").asInt()).isZero();
      assertThat(counts.path("succeeded").asInt()).isEqualTo(ITEMS);
      assertThat(target.ledger(id).itemCount()).isEqualTo(ITEMS);
      assertThat(half.sends.get()).isBetween(2L * ITEMS * 95 / 100, 2L * ITEMS * 105 / 100);
      assertThat(ratio).isBetween(1.0, MOST_SENDS_PER_FIRST_ATTEMPT);
    }
  }

  /**
   * Half 200, half 500, 503 or a reset; which one depends on the item and the attempt alone. Called
   * by the one event loop of its server, read once the batch ended.
   */
  private static final class Half implements Script {

    private static final RandomGeneratorFactory<RandomGenerator> RANDOM =
        RandomGeneratorFactory.of("L64X128MixRandom");

    private final AtomicLong sends = new AtomicLong();
    private volatile long sendsAtLastFirst;

    @Override
    public Reply reply(Seen seen) {
      long count = sends.incrementAndGet();
      if (seen.attempt() == 1) {
        sendsAtLastFirst = count;
      }
      int index =
          Integer.parseInt(seen.key(), seen.key().lastIndexOf('-') + 1, seen.key().length(), 10);
      RandomGenerator random = RANDOM.create(index * 1_000L + seen.attempt());
      return switch (random.nextInt(6)) {
        case 0 -> Reply.of(500);
        case 1 -> Reply.of(503);
        case 2 -> Reply.of(200).ending(Ending.RESET);
        default -> Reply.of(200);
      };
    }
  }
}
