package dev.sluice.fuzz;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/**
 * What a parser owes to whatever comes: an answer or its own refusal, in time, and never another
 * exception. {@code -Dfuzz.seconds} and {@code -Dfuzz.seed} say how long and which input; a fault
 * shows the input, which belongs into the seeds once it is mended.
 */
public abstract class FuzzContract {

  private static final int TRIES = 3_000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long SECONDS = Long.getLong("fuzz.seconds", 0);
  private static final long SEED = Long.getLong("fuzz.seed", 20261101);

  private volatile byte[] last = new byte[0];

  /** Gives input that is good, and input that once was a fault. */
  protected abstract List<String> seeds();

  /**
   * Reads the input; refuses it by the exceptions that callers know, which are to be caught here,
   * and checks what it read.
   */
  protected abstract void parse(byte[] input);

  @Test
  void seedsAreReadOrRefused() {
    seeds().forEach(seed -> parsed(seed.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void whateverComesIsReadOrRefused() {
    Mutator mutator =
        new Mutator(
            SEED, seeds().stream().map(seed -> seed.getBytes(StandardCharsets.UTF_8)).toList());
    long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
    long tries = 0;
    do {
      // So many at a time, as each timeout costs a thread.
      Assertions.assertTimeoutPreemptively(
          PATIENCE,
          () -> {
            for (int i = 0; i < TRIES; i++) {
              parsed(mutator.next());
            }
          },
          () -> "Stuck with " + shown(last));
      tries += TRIES;
    } while (System.nanoTime() < end);
    System.out.println(getClass().getSimpleName() + ": " + tries + " inputs, findings 0");
  }

  private void parsed(byte[] input) {
    last = input;
    try {
      parse(input);
    } catch (RuntimeException | StackOverflowError | AssertionError fault) {
      throw new AssertionError(shown(input), fault);
    }
  }

  private static String shown(byte[] input) {
    return "Base64 of the input: " + Base64.getEncoder().encodeToString(input);
  }
}
