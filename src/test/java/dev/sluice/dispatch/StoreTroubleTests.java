package dev.sluice.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.store.StoreException;
import dev.sluice.store.TestClock;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** How often the log hears of an outage. */
@ExtendWith(OutputCaptureExtension.class)
class StoreTroubleTests {

  private static final String SENTENCE = "Nothing gets done.";

  private final TestClock clock = new TestClock();
  private final StoreTrouble trouble =
      new StoreTrouble(LoggerFactory.getLogger(StoreTroubleTests.class), clock, SENTENCE);

  private static StoreException failure(StoreException.Kind kind) {
    return new StoreException(kind, "it failed", new IOException("so it is"));
  }

  private static int lines(CapturedOutput output) {
    return output.getOut().split(SENTENCE, -1).length - 1;
  }

  @Test
  void anOutageIsALineEveryTenSeconds(CapturedOutput output) {
    for (int tries = 0; tries < 150; tries++) {
      trouble.met(failure(StoreException.Kind.UNAVAILABLE));
      clock.advance(Duration.ofMillis(200));
    }
    assertThat(lines(output)).as("in half a minute").isEqualTo(3);
    assertThat(output.getOut()).contains("it failed").doesNotContain("\tat ", "so it is");
  }

  @Test
  void theNextOutageIsToldAtOnce(CapturedOutput output) {
    trouble.met(failure(StoreException.Kind.UNAVAILABLE));
    clock.advance(Duration.ofMinutes(1));
    trouble.met(failure(StoreException.Kind.UNAVAILABLE));
    assertThat(lines(output)).isEqualTo(2);
  }

  @Test
  void whatDoesNotPassIsToldWithItsCause(CapturedOutput output) {
    trouble.met(failure(StoreException.Kind.CORRUPT));
    trouble.met(failure(StoreException.Kind.CORRUPT));
    assertThat(lines(output)).isEqualTo(1);
    assertThat(output.getOut()).contains("\tat ", "so it is");
  }
}
