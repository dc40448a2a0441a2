package dev.sluice.store.jdbc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The write-ahead log as the writer sees it: after each synced commit the {@link LogMark} says how
 * long it is, and when it is long enough it is copied into the file. SQLite would do that by itself
 * inside a commit, before its callers have their answers, and would ignore every error of it; a
 * sync that failed must not be ignored. The writer's thread only.
 */
final class CommitLog implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(CommitLog.class);

  /** Copies nothing, only tells: busy, frames of the log, frames of it that were copied. */
  private static final String LOOK = "PRAGMA wal_checkpoint(NOOP)";

  private static final String COPY = "PRAGMA wal_checkpoint(PASSIVE)";

  /** Also waits until no reader is left in the log, so that the next commit begins it anew. */
  private static final String COPY_AND_RESTART = "PRAGMA wal_checkpoint(RESTART)";

  private static final String BUSY_TIMEOUT = "PRAGMA busy_timeout";
  private static final int RESTART_MILLIS = 500;

  /** Lengths, as multiples of what is copied, that readers who take turns may keep the log at. */
  private static final int PATIENCE = 4;

  private static final int FRAMES_COLUMN = 2;
  private static final int SALTS_OFFSET = 16;

  private final Path path;
  private final LogMark mark;
  private final int checkpointFrames;
  private final ByteBuffer salts = ByteBuffer.allocate(Long.BYTES);
  private @Nullable FileChannel channel;
  private int frameCount;
  private boolean markFailed;

  /** Frames before which no copy is tried again after one that failed. */
  private int copyFrom;

  /** Frames from which on readers are waited for. */
  private int restartFrom;

  /**
   * @param checkpointFrames frames from which on the log is copied
   */
  CommitLog(Path store, int checkpointFrames) {
    this.path = pathBeside(store);
    this.mark = new LogMark(store);
    this.checkpointFrames = checkpointFrames;
    this.copyFrom = checkpointFrames;
    this.restartFrom = PATIENCE * checkpointFrames;
  }

  static Path pathBeside(Path store) {
    return store.resolveSibling(store.getFileName() + "-wal");
  }

  /** A commit is on the disk; call it before anybody is told. */
  void committed(Session session) {
    try {
      Integer frames = session.first(LOOK, row -> row.getInt(FRAMES_COLUMN));
      frameCount = frames == null ? 0 : frames;
      if (frameCount > 0) {
        mark.write(readSalts(), frameCount);
      }
      markFailed = false;
    } catch (SQLException | IOException e) {
      // An old mark is still true: damage of what came after it would go unnoticed.
      if (!markFailed) {
        log.atWarn().setCause(e).log("The mark of the write-ahead log could not be renewed.");
      }
      markFailed = true;
    }
  }

  private long readSalts() throws IOException {
    FileChannel open = channel;
    if (open == null) {
      // SQLite holds no locks on this file that closing it could drop.
      open = FileChannel.open(path);
      channel = open;
    }
    salts.clear();
    if (open.read(salts, SALTS_OFFSET) != Long.BYTES) {
      throw new IOException("The write-ahead log " + path + " has no header");
    }
    return salts.getLong(0);
  }

  /**
   * Copies the log into the file when it is long enough, between transactions. The log begins anew
   * once all of it was copied while nobody reads from it. Readers that take turns may never let
   * that happen: when it has become several times too long they are waited for, for a moment.
   */
  void checkpointWhenLong(Session session) throws SQLException {
    if (frameCount < checkpointFrames) {
      copyFrom = checkpointFrames;
      restartFrom = PATIENCE * checkpointFrames;
    } else if (frameCount >= copyFrom) {
      // A full disk would fail it after every commit: it is tried again after as much as before.
      copyFrom = frameCount + checkpointFrames;
      if (frameCount >= restartFrom) {
        restartFrom = frameCount + checkpointFrames;
        copyAndRestart(session);
      } else {
        session.first(COPY, row -> row.getInt(FRAMES_COLUMN));
      }
      copyFrom = checkpointFrames;
    }
  }

  private void copyAndRestart(Session session) throws SQLException {
    long timeout = session.number(BUSY_TIMEOUT).orElseThrow();
    session.number(BUSY_TIMEOUT + " = " + RESTART_MILLIS);
    try {
      // The first column tells whether readers were in the way to the end.
      boolean restarts = session.number(COPY_AND_RESTART).orElseThrow() == 0;
      log.atDebug()
          .addKeyValue("frames", frameCount)
          .addKeyValue("restarts", restarts)
          .log("The write-ahead log had become long.");
    } finally {
      session.number(BUSY_TIMEOUT + " = " + timeout);
    }
  }

  /** The connection is about to close in order, which removes the log. */
  void endInOrder() {
    mark.remove();
  }

  /** The connection is closed. */
  @Override
  public void close() {
    if (!Files.exists(path)) {
      mark.remove();
    }
    mark.close();
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The write-ahead log " + path + " cannot be closed", e);
    }
  }
}
