package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.model.ProcessClock;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A request body as it comes off the wire, counted and bounded in bytes and time. Whatever breaks
 * is an {@link ApiProblem}, never an {@code IOException} that a decoder above could take for the
 * end. One thread.
 */
final class WireStream extends InputStream {

  private final InputStream body;
  private final IntakeProperties limits;
  private final ProcessClock clock;
  private final long startedAt;
  private final byte[] single = new byte[1];
  private long count;

  WireStream(InputStream body, IntakeProperties limits, ProcessClock clock) {
    this.body = body;
    this.limits = limits;
    this.clock = clock;
    this.startedAt = clock.nanoTime();
  }

  /** Gives the bytes read so far. */
  long count() {
    return count;
  }

  @Override
  public int read() {
    return read(single, 0, 1) < 0 ? -1 : single[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) {
    int got;
    try {
      got = body.read(into, offset, length);
    } catch (IOException e) {
      throw broken(e);
    }
    if (got > 0) {
      count += got;
      requireBounds();
    }
    return got;
  }

  private void requireBounds() {
    if (count > limits.maxBody().toBytes()) {
      throw tooLarge(limits);
    }
    long nanos = clock.nanoTime() - startedAt;
    if (nanos > limits.slowAfter().toNanos()
        && count < limits.minRate().toBytes() * (nanos / 1e9)) {
      throw new ApiProblem(
          408, "upload_too_slow", "The body came slower than " + limits.minRate() + " per second");
    }
  }

  static ApiProblem tooLarge(IntakeProperties limits) {
    return new ApiProblem(
        413, "body_too_large", "A body may have at most " + limits.maxBody().toBytes() + " bytes");
  }

  private ApiProblem broken(IOException e) {
    if (isTimeout(e)) {
      return new ApiProblem(
          408, "upload_timed_out", "No byte of the body came for too long; nothing was kept");
    }
    return new ApiProblem(
        400, "upload_interrupted", "The body ended before its end; nothing was kept");
  }

  private static boolean isTimeout(IOException e) {
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        return true;
      }
    }
    return false;
  }
}
