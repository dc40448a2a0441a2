package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.api.ApiProblem;
import dev.sluice.model.ProcessClock;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class UploadBoundsTests {

  private static IntakeProperties limits(int maxUploads) {
    return new IntakeProperties(
        DataSize.ofKilobytes(64),
        DataSize.ofKilobytes(1),
        10,
        DataSize.ofMegabytes(8),
        maxUploads,
        Duration.ofSeconds(60),
        DataSize.ofKilobytes(1));
  }

  /** A clock that a body moves while it is read. */
  private static final class Ticking implements ProcessClock {
    private long nanos;

    @Override
    public Instant instant() {
      return Instant.EPOCH.plusNanos(nanos);
    }

    @Override
    public long nanoTime() {
      return nanos;
    }
  }

  private static InputStream drip(Ticking clock, int bytesPerSecond) {
    return new InputStream() {
      @Override
      public int read() {
        throw new UnsupportedOperationException();
      }

      @Override
      public int read(byte[] into, int offset, int length) {
        clock.nanos += 1_000_000_000L;
        return Math.min(length, bytesPerSecond);
      }
    };
  }

  @Test
  void aBodyThatDripsIsCutOffAfterAWhile() {
    Ticking clock = new Ticking();
    ContentStream slow = ContentStream.open(drip(clock, 100), false, limits(1), clock, null);

    assertThatThrownBy(slow::drain)
        .isInstanceOfSatisfying(
            ApiProblem.class, problem -> assertThat(problem.code()).isEqualTo("upload_too_slow"));
    assertThat(clock.nanos).isEqualTo(61_000_000_000L);
  }

  @Test
  void aBodyThatKeepsUpMayTakeItsTime() {
    Ticking clock = new Ticking();
    ContentStream steady = ContentStream.open(drip(clock, 1024), false, limits(1), clock, null);

    assertThatThrownBy(steady::drain)
        .isInstanceOfSatisfying(
            ApiProblem.class, problem -> assertThat(problem.code()).isEqualTo("body_too_large"));
    assertThat(clock.nanos).isGreaterThan(60_000_000_000L);
  }

  @Test
  void aBodyThatBreaksOffIsNotTakenForItsEnd() throws IOException {
    InputStream gone = InputStream.nullInputStream();
    gone.close();
    ContentStream content = ContentStream.open(gone, false, limits(1), ProcessClock.system(), null);
    assertThatThrownBy(content::drain)
        .isInstanceOfSatisfying(
            ApiProblem.class,
            problem -> assertThat(problem.code()).isEqualTo("upload_interrupted"));
  }

  @Test
  void boundsTheUploadsAndSharesTheirMemory() {
    UploadSlots slots = new UploadSlots(limits(4));
    List<UploadSlots.Slot> taken = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      taken.add(slots.take());
      assertThat(slots.share()).isEqualTo((8 << 20) / i);
    }
    assertThatThrownBy(slots::take)
        .isInstanceOfSatisfying(
            ApiProblem.class,
            problem -> {
              assertThat(problem.status()).isEqualTo(429);
              assertThat(problem.retryAfter()).isNotNull();
            });
    taken.getFirst().close();
    slots.take();
  }

  @Test
  void theSameContentHasTheSameFingerprintHoweverItIsCut() throws IOException {
    byte[] content = new byte[10_000];
    byte[] plain = fingerprint(new ByteArrayInputStream(content), false, "seed");

    byte[] packed = SubmissionTestBase.gzip(content);
    assertThat(fingerprint(new ByteArrayInputStream(packed), true, "seed")).isEqualTo(plain);
    assertThat(fingerprint(new ByteArrayInputStream(content), false, "other")).isNotEqualTo(plain);
  }

  private static byte[] fingerprint(InputStream body, boolean gzip, String seed) {
    ContentStream content = ContentStream.open(body, gzip, limits(1), ProcessClock.system(), seed);
    content.drain();
    return content.fingerprint();
  }
}
