package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Sha256;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * The decoded content of a request body: gzip undone with a bound on ratio and size, and a
 * fingerprint of it when one is needed. One thread.
 */
final class ContentStream {

  private static final int GZIP_BUFFER = 16 * 1024;
  private static final int MAX_RATIO = 100;

  /** So many bytes may come of any input: the ratio of a small body says nothing. */
  private static final long RATIO_SLACK = 1 << 20;

  private final WireStream wire;
  private final InputStream content;
  private final IntakeProperties limits;
  private final boolean gzip;
  private final @Nullable MessageDigest digest;
  private byte @Nullable [] fingerprint;
  private long count;

  private ContentStream(
      WireStream wire,
      InputStream content,
      IntakeProperties limits,
      boolean gzip,
      @Nullable MessageDigest digest) {
    this.wire = wire;
    this.content = content;
    this.limits = limits;
    this.gzip = gzip;
    this.digest = digest;
  }

  /**
   * Opens a body.
   *
   * @param fingerprintSeed what else belongs to the fingerprint beside the content; null when no
   *     fingerprint is needed
   */
  static ContentStream open(
      InputStream body,
      boolean gzip,
      IntakeProperties limits,
      ProcessClock clock,
      @Nullable String fingerprintSeed) {
    WireStream wire = new WireStream(body, limits, clock);
    MessageDigest digest = null;
    if (fingerprintSeed != null) {
      digest = Sha256.digest();
      digest.update(fingerprintSeed.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
    }
    try {
      InputStream content = gzip ? new GZIPInputStream(wire, GZIP_BUFFER) : wire;
      return new ContentStream(wire, content, limits, gzip, digest);
    } catch (IOException e) {
      throw invalidGzip(e);
    }
  }

  /** Reads like {@link InputStream#read(byte[], int, int)}. */
  int read(byte[] into, int offset, int length) {
    int got;
    try {
      got = content.read(into, offset, length);
    } catch (IOException e) {
      throw invalidGzip(e);
    }
    if (got > 0) {
      count += got;
      requireBounds();
      if (digest != null) {
        digest.update(into, offset, got);
      }
    }
    return got;
  }

  /** Reads what is left and drops it; the fingerprint covers it. */
  void drain() {
    byte[] scrap = new byte[GZIP_BUFFER];
    int got;
    do {
      got = read(scrap, 0, scrap.length);
    } while (got >= 0);
  }

  /** Gives the decoded bytes read so far. */
  long count() {
    return count;
  }

  /** Gives SHA-256 of the whole content, once that was read; empty when none was asked for. */
  byte[] fingerprint() {
    byte[] known = fingerprint;
    if (known == null) {
      known = digest == null ? new byte[0] : digest.digest();
      fingerprint = known;
    }
    return known.clone();
  }

  private void requireBounds() {
    if (count > limits.maxBody().toBytes()) {
      throw WireStream.tooLarge(limits);
    }
    if (gzip && count > RATIO_SLACK && count / MAX_RATIO > wire.count()) {
      throw new ApiProblem(
          413,
          "compression_ratio",
          "The body unpacks to more than " + MAX_RATIO + " times its size");
    }
  }

  private static ApiProblem invalidGzip(IOException e) {
    String what =
        switch (e) {
          case EOFException _ -> "it is cut";
          case ZipException _ -> "it is corrupt";
          default -> "it cannot be read";
        };
    return new ApiProblem(400, "invalid_gzip", "The body is not valid gzip: " + what);
  }
}
