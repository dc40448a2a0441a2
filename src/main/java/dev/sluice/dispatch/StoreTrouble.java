package dev.sluice.dispatch;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.StoreException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Tells the log that the store does not do its work: at once, and then no more often than every ten
 * seconds, however often it is asked again. What is told less often is told at DEBUG. Any thread.
 */
final class StoreTrouble {

  static final Duration EVERY = Duration.ofSeconds(10);

  private final Logger log;
  private final ProcessClock clock;
  private final String sentence;

  /** Whether it was ever told, and when last; under the monitor. */
  private boolean told;

  private long toldAt;

  /**
   * @param sentence what does not get done, and what follows
   */
  StoreTrouble(Logger log, ProcessClock clock, String sentence) {
    this.log = log;
    this.clock = clock;
    this.sentence = sentence;
  }

  /** Says that the store failed. An outage is no riddle: where it was met is not told. */
  void met(StoreException e) {
    boolean passes = e.kind() == StoreException.Kind.UNAVAILABLE;
    log.atLevel(isDue() ? Level.WARN : Level.DEBUG)
        .addKeyValue("kind", e.kind())
        .addKeyValue("reason", e.getMessage())
        .setCause(passes && !log.isDebugEnabled() ? null : e)
        .log(sentence);
  }

  private synchronized boolean isDue() {
    long now = clock.nanoTime();
    boolean due = !told || now - toldAt >= EVERY.toNanos();
    if (due) {
      told = true;
      toldAt = now;
    }
    return due;
  }
}
