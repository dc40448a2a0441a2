package dev.sluice.store.jdbc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the write-ahead log that a process left behind, before SQLite does: SQLite takes the
 * first frame that does not fit for the end of the log and drops what follows without a word. A
 * {@link LogMark} tells how much must be there.
 *
 * <p>The format is <a href="https://sqlite.org/fileformat2.html#walformat">SQLite's</a>.
 */
final class LogCheck {

  private static final int HEADER = 32;
  private static final int FRAME_HEADER = 24;
  private static final int SALTS_OF_FRAME = 8;
  private static final int MAGIC = 0x377f0682;

  private final Path store;
  private final Path log;

  /** The running checksum, over words of the order that the log names. */
  private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

  private int sum0;
  private int sum1;

  private LogCheck(Path store) {
    this.store = store;
    this.log = CommitLog.pathBeside(store);
  }

  /**
   * Gives when everything that the mark tells of is there.
   *
   * @throws StoreStartException when something that was on the disk is missing
   */
  static void require(Path store) throws IOException {
    LogMark.Reading mark = LogMark.read(store);
    if (mark != null) {
      new LogCheck(store).require(mark);
    }
  }

  private void require(LogMark.Reading mark) throws IOException {
    if (!Files.exists(store) || Files.size(store) == 0) {
      // SQLite would take it for a new store and delete the log.
      throw new StoreStartException(
          "The store's file %s is missing or empty, although %s tells of a store here. Put it back or restore it and all files beside it from a backup. To begin a new store, empty the directory."
              .formatted(store, LogMark.pathBeside(store)),
          null);
    }
    if (!Files.exists(log)) {
      throw refused("is missing, although the last process did not end in order", mark);
    }
    try (FileChannel channel = FileChannel.open(log)) {
      Header header = header(channel);
      if (header == null) {
        throw refused("has no valid header", mark);
      }
      // Another log than the mark's was begun since, and that only after all of it was copied.
      if (header.salts == mark.salts()) {
        int valid = validFrames(channel, header, mark.frameCount());
        if (valid < mark.frameCount()) {
          throw refused("is damaged or cut off behind frame " + valid, mark);
        }
      }
    }
  }

  private StoreStartException refused(String what, LogMark.Reading mark) {
    return new StoreStartException(
        "The write-ahead log %s %s; %d frames of it were on the disk, and what was accepted last may be lost. Put the undamaged file back or restore %s and all files beside it from a backup. To go on without what is missing, delete %s."
            .formatted(log, what, mark.frameCount(), store, LogMark.pathBeside(store)),
        null);
  }

  private record Header(long salts, int pageSize) {}

  private @Nullable Header header(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER);
    if (!readFully(channel, bytes, 0) || (bytes.getInt(0) & ~1) != MAGIC) {
      return null;
    }
    order = (bytes.getInt(0) & 1) == 1 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    add(bytes, 0, HEADER - Long.BYTES);
    if (sum0 != bytes.getInt(HEADER - 8) || sum1 != bytes.getInt(HEADER - 4)) {
      return null;
    }
    return new Header(bytes.getLong(HEADER / 2), bytes.getInt(Long.BYTES));
  }

  /** Counts the frames that SQLite will take, up to {@code limit}. */
  private int validFrames(FileChannel channel, Header header, int limit) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(FRAME_HEADER + header.pageSize);
    long position = HEADER;
    for (int count = 0; count < limit; count++) {
      if (!readFully(channel, frame, position)
          || frame.getLong(SALTS_OF_FRAME) != header.salts
          || !follows(frame)) {
        return count;
      }
      position += frame.capacity();
    }
    return limit;
  }

  private boolean follows(ByteBuffer frame) {
    add(frame, 0, Long.BYTES);
    add(frame, FRAME_HEADER, frame.capacity());
    return sum0 == frame.getInt(FRAME_HEADER - 8) && sum1 == frame.getInt(FRAME_HEADER - 4);
  }

  private void add(ByteBuffer bytes, int from, int to) {
    ByteBuffer words = bytes.duplicate().order(order);
    int first = sum0;
    int second = sum1;
    for (int i = from; i < to; i += 2 * Integer.BYTES) {
      first += words.getInt(i) + second;
      second += words.getInt(i + Integer.BYTES) + first;
    }
    sum0 = first;
    sum1 = second;
  }

  private static boolean readFully(FileChannel channel, ByteBuffer into, long position)
      throws IOException {
    into.clear();
    while (into.hasRemaining()) {
      if (channel.read(into, position + into.position()) < 0) {
        return false;
      }
    }
    return true;
  }
}
