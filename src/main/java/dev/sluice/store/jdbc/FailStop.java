package dev.sluice.store.jdbc;

import dev.sluice.store.StoreException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.context.ApplicationEventPublisher;

/**
 * What becomes of the process when nothing may be written any more: liveness breaks at once, and a
 * moment later, when those who wait have their refusals, the process ends. It ends as in a crash,
 * without a drain: no outcome could be stored, and each further attempt would be made twice.
 */
final class FailStop implements Consumer<StoreException> {

  /** The disk failed: a restart may help. */
  static final int EX_IOERR = 74;

  /** The file is damaged: a person must act. */
  static final int EX_CONFIG = 78;

  private static final Logger log = LoggerFactory.getLogger(FailStop.class);
  private static final Duration GRACE = Duration.ofMillis(500);

  private final Path file;
  private final ApplicationEventPublisher publisher;
  private final IntConsumer end;

  /**
   * @param end ends the process with an exit code
   */
  FailStop(Path file, ApplicationEventPublisher publisher, IntConsumer end) {
    this.file = file;
    this.publisher = publisher;
    this.end = end;
  }

  @Override
  public void accept(StoreException reason) {
    boolean damaged = reason.kind() == StoreException.Kind.CORRUPT;
    int code = damaged ? EX_CONFIG : EX_IOERR;
    log.atError()
        .addKeyValue("file", file)
        .addKeyValue("exitCode", code)
        .log(
            damaged
                ? "The store's file is damaged and the process ends. Restore it and all files beside it from a backup, or set sluice.store.path to another file."
                : "The store's disk failed and the process ends, since what is on the disk is uncertain. What was acknowledged is; a restart continues with it.");
    CompletableFuture.delayedExecutor(GRACE.toMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> end.accept(code));
    AvailabilityChangeEvent.publish(publisher, publisher, LivenessState.BROKEN);
  }
}
