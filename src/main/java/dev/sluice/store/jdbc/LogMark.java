package dev.sluice.store.jdbc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * How much of the write-ahead log is known to be on the disk, in a file of its own beside it. The
 * log cannot tell by itself that its end is missing. Written after a sync and never synced itself:
 * whatever it says was true before, so after a loss of power it says less, never more. It is there
 * from the first commit of a process to its orderly end.
 *
 * <p>Sixteen bytes, big-endian: both salts of the log, its count of frames, CRC32C of these.
 */
final class LogMark implements AutoCloseable {

  private static final int LENGTH = 16;
  private static final int CHECKED = 12;

  private final Path path;
  private final ByteBuffer buffer = ByteBuffer.allocate(LENGTH);
  private @Nullable FileChannel channel;

  LogMark(Path store) {
    this.path = pathBeside(store);
  }

  /** What a mark says: the log with these salts has at least so many frames. */
  record Reading(long salts, int frameCount) {}

  static Path pathBeside(Path store) {
    return store.resolveSibling(store.getFileName() + "-mark");
  }

  /** Gives what the mark beside a store says; null when there is none or it was never finished. */
  static @Nullable Reading read(Path store) throws IOException {
    Path path = pathBeside(store);
    if (!Files.exists(path)) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
    if (bytes.remaining() != LENGTH || bytes.getInt(CHECKED) != checksum(bytes)) {
      return null;
    }
    return new Reading(bytes.getLong(0), bytes.getInt(Long.BYTES));
  }

  /** Says that the log with these salts has so many frames. */
  void write(long salts, int frameCount) throws IOException {
    buffer.clear();
    buffer.putLong(0, salts).putInt(Long.BYTES, frameCount);
    buffer.putInt(CHECKED, checksum(buffer));
    FileChannel open = channel;
    if (open == null) {
      open =
          FileChannel.open(
              path,
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      channel = open;
    }
    open.write(buffer, 0);
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(0, CHECKED));
    return (int) crc.getValue();
  }

  /** Says nothing any more, for good: SQLite is about to remove the log in order. */
  void remove() {
    close();
    try {
      if (Files.deleteIfExists(path)) {
        // On the disk before the removal of the log can be.
        try (FileChannel directory = FileChannel.open(path.resolveSibling("."))) {
          directory.force(true);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The mark " + path + " cannot be removed", e);
    }
  }

  @Override
  public void close() {
    try {
      if (channel != null) {
        channel.close();
        channel = null;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The mark " + path + " cannot be closed", e);
    }
  }
}
