package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * The exclusive right to a data directory, held by an operating-system lock on {@code sluice.lock}
 * until {@link #close} or the end of the process, however it ends. The file tells who holds it.
 */
final class DirectoryLock implements AutoCloseable {

  static final String FILE_NAME = "sluice.lock";
  private static final int MAX_LINE = 512;

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Creates the directory when it is missing and locks it.
   *
   * @throws StoreStartException when another process holds it, naming that process
   */
  static DirectoryLock acquire(Path directory, ProcessClock clock) {
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      FileChannel channel =
          FileChannel.open(
              directory.resolve(FILE_NAME),
              java.util.Set.of(
                  StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      FileLock lock = tryLock(channel);
      if (lock == null) {
        try (channel) {
          throw new StoreStartException(
              "The data directory %s is in use by %s. Stop that process, or set sluice.store.path to another directory."
                  .formatted(directory, holder(channel)),
              null);
        }
      }
      writeHolder(channel, clock);
      return new DirectoryLock(channel);
    } catch (IOException e) {
      throw new StoreStartException(
          "The data directory %s cannot be used: %s. Set sluice.store.path to a file in a writable directory."
              .formatted(directory, e),
          e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Held by this very process: for the caller that is the same answer.
      return null;
    }
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer line = ByteBuffer.allocate(MAX_LINE);
    channel.read(line, 0);
    String text = new String(line.array(), 0, line.position(), StandardCharsets.UTF_8).strip();
    return text.isEmpty() ? "another process" : text;
  }

  private static void writeHolder(FileChannel channel, ProcessClock clock) throws IOException {
    String line =
        "pid %d on host %s since %s%n"
            .formatted(ProcessHandle.current().pid(), hostName(), clock.instant());
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)), 0);
    channel.force(true);
  }

  static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown (" + e.getMessage() + ")";
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new IllegalStateException("The lock of the data directory cannot be released", e);
    }
  }
}
