package dev.sluice.secrets;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The key that a process with a store of its own makes when the first secret comes: {@code
 * secrets.key} beside the store's file, for its owner alone. On disk before anything is sealed with
 * it. One thread at a time.
 */
final class KeyFile {

  static final String NAME = "secrets.key";

  private final Path file;

  KeyFile(Path directory) {
    this.file = directory.resolve(NAME);
  }

  /** Gives the key; null when none was made yet. */
  byte @Nullable [] read() throws IOException {
    if (!Files.exists(file)) {
      return null;
    }
    try {
      return SecretsProperties.key(Files.readString(file, StandardCharsets.US_ASCII));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " does not hold a key", e);
    }
  }

  /** Makes a key. */
  byte[] make(SecureRandom random) throws IOException {
    byte[] key = new byte[SecretsProperties.KEY_BYTES];
    random.nextBytes(key);
    Path directory = file.resolveSibling("");
    Path draft =
        Files.createTempFile(
            directory,
            NAME,
            null,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(draft, Base64.getEncoder().encodeToString(key) + '\n');
    sync(draft, StandardOpenOption.WRITE);
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    sync(directory, StandardOpenOption.READ);
    return key;
  }

  private static void sync(Path path, StandardOpenOption mode) throws IOException {
    try (FileChannel channel = FileChannel.open(path, mode)) {
      channel.force(true);
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
