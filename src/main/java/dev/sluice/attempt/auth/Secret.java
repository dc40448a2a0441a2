package dev.sluice.attempt.auth;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A secret of the configuration, or of a mounted file: then looked at again every ten seconds while
 * it is used, on a thread of its own, so that a rotation needs no restart. Any thread.
 */
final class Secret {

  private static final Logger log = LoggerFactory.getLogger(Secret.class);
  private static final long LOOK_AGAIN_NANOS = 10_000_000_000L;
  private static final int MAX_BYTES = 64 * 1024;

  private final @Nullable Path file;
  private final LongSupplier nanoTime;
  private final AtomicLong readAt;
  private volatile String value;

  /**
   * @throws IllegalArgumentException when there is none
   */
  Secret(AuthProperties.Credential properties, LongSupplier nanoTime) {
    this.file = properties.secretFile();
    this.nanoTime = nanoTime;
    this.readAt = new AtomicLong(nanoTime.getAsLong());
    String given = properties.secret();
    try {
      this.value = given != null ? given : read();
    } catch (IOException e) {
      throw new IllegalArgumentException("The secret-file " + file + " cannot be read", e);
    }
    if (value.isEmpty()) {
      throw new IllegalArgumentException("The secret of a credential is empty");
    }
  }

  /** Gives it as it was when last looked at. */
  String value() {
    long last = readAt.get();
    long now = nanoTime.getAsLong();
    if (file != null && now - last >= LOOK_AGAIN_NANOS && readAt.compareAndSet(last, now)) {
      Thread.ofVirtual().name("sluice-secret").start(this::lookAgain);
    }
    return value;
  }

  void lookAgain() {
    try {
      String newer = read();
      if (!newer.isEmpty()) {
        value = newer;
      }
    } catch (IOException e) {
      log.atWarn()
          .addKeyValue("file", String.valueOf(file))
          .log("A secret could not be read again; what was read last stays in use.");
    }
  }

  /** Editors and {@code echo} end a file with a line break that is not part of it. */
  private String read() throws IOException {
    if (file == null || Files.size(file) > MAX_BYTES) {
      throw new IOException("No file of at most " + MAX_BYTES + " bytes");
    }
    return Files.readString(file, StandardCharsets.UTF_8).strip();
  }
}
