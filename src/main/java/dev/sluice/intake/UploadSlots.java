package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many uploads run, and what memory each may hold. Invariant: 0 ≤ {@code running} ≤ the
 * maximum. Any thread.
 */
final class UploadSlots {

  private static final long LEAST_SHARE = 256 * 1024;

  private final int maxUploads;
  private final long bufferBytes;
  private final AtomicInteger running = new AtomicInteger();

  UploadSlots(IntakeProperties limits) {
    this.maxUploads = limits.maxUploads();
    this.bufferBytes = limits.buffer().toBytes();
  }

  /**
   * Takes a slot.
   *
   * @throws ApiProblem 429 when none is free
   */
  Slot take() {
    int before = running.getAndUpdate(count -> count < maxUploads ? count + 1 : count);
    if (before >= maxUploads) {
      throw new ApiProblem(
              429, "too_many_uploads", maxUploads + " uploads are running; try again later")
          .retryAfter(Duration.ofSeconds(1));
    }
    return running::decrementAndGet;
  }

  /** The right to run one upload. */
  @FunctionalInterface
  interface Slot extends AutoCloseable {
    @Override
    void close();
  }

  /** Gives the bytes of unfinished shards that each running upload may hold. */
  long share() {
    return Math.max(LEAST_SHARE, bufferBytes / Math.max(1, running.get()));
  }
}
