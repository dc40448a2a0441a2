package dev.sluice.store.jdbc;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The embedded store.
 *
 * @param path the SQLite file; its directory is created and locked for this process. On a local
 *     disk only: WAL does not work over NFS or SMB
 * @param pageSize page size of a new file, a power of two, 4 KB to 64 KB; later changes have no
 *     effect
 * @param cacheSize page cache of each connection
 * @param readerCount reading threads and connections, 1 to 32; raise it when exports and searches
 *     make each other wait
 * @param writeQueue calls that may wait for the writer before callers block, 16 to 65,536
 * @param readQueue reads that may wait for a reader before they are refused as unavailable
 * @param busyTimeout how long a call waits for a place in a queue or for a lock
 * @param uploadTimeout an upload without a byte for so long is dead
 * @param checkpointPages pages in the write-ahead log before the writer copies them into the file;
 *     more means fewer and longer pauses
 * @param checkAtStart how long a start looks for damage of the file's structure, at most; {@code
 *     0s} looks not at all. What it looked at is in the log
 * @param connections connections of this process to a shared database, 2 to 200, beside two for
 *     beats and wake-ups; raise it when calls wait for one, within what the database allows for all
 *     replicas together
 * @param answerWithin how long a call waits for a shared database, 500 ms to 30 s, before it is
 *     answered that the store is unavailable; what may take long, such as a search, goes on for as
 *     long as the database answers this process's beats
 * @param startWait how long a start waits for a shared database that does not answer yet
 * @param allowUnsafeDatabase starts on a shared database that may lose what was acknowledged, or
 *     that is too old, all the same; for trials
 * @param maxSize most bytes of the file, without its write-ahead log; beyond nine tenths of it
 *     submissions are refused as on a full disk, the last tenth is for outcomes. No bound but the
 *     disk when absent
 */
@ConfigurationProperties("sluice.store")
public record StoreProperties(
    @DefaultValue("./data/sluice.db") Path path,
    @DefaultValue("8KB") DataSize pageSize,
    @DefaultValue("32MB") DataSize cacheSize,
    @DefaultValue("3") int readerCount,
    @DefaultValue("1024") int writeQueue,
    @DefaultValue("1024") int readQueue,
    @DefaultValue("10s") Duration busyTimeout,
    @DefaultValue("60s") Duration uploadTimeout,
    @DefaultValue("4000") int checkpointPages,
    @DefaultValue("2s") Duration checkAtStart,
    @DefaultValue("10") int connections,
    @DefaultValue("1800ms") Duration answerWithin,
    @DefaultValue("30s") Duration startWait,
    @DefaultValue("false") boolean allowUnsafeDatabase,
    @Nullable DataSize maxSize) {

  public StoreProperties {
    long page = pageSize.toBytes();
    if (page < 4096 || page > 65_536 || Long.bitCount(page) != 1) {
      throw new IllegalArgumentException(
          "sluice.store.page-size must be a power of two from 4KB to 64KB, was " + pageSize);
    }
    require(cacheSize.toBytes() >= 1 << 20, "cache-size must be at least 1MB, was " + cacheSize);
    require(
        readerCount >= 1 && readerCount <= 32, "reader-count must be 1..32, was " + readerCount);
    require(
        writeQueue >= 16 && writeQueue <= 65_536,
        "write-queue must be 16..65536, was " + writeQueue);
    require(
        readQueue >= 16 && readQueue <= 65_536, "read-queue must be 16..65536, was " + readQueue);
    require(busyTimeout.isPositive(), "busy-timeout must be positive, was " + busyTimeout);
    require(uploadTimeout.isPositive(), "upload-timeout must be positive, was " + uploadTimeout);
    require(
        checkpointPages >= 100 && checkpointPages <= 1_000_000,
        "checkpoint-pages must be 100..1000000, was " + checkpointPages);
    require(!checkAtStart.isNegative(), "check-at-start must not be negative, was " + checkAtStart);
    require(
        connections >= 2 && connections <= 200, "connections must be 2..200, was " + connections);
    require(
        answerWithin.toMillis() >= 500 && answerWithin.toSeconds() <= 30,
        "answer-within must be 500ms..30s, was " + answerWithin);
    require(!startWait.isNegative(), "start-wait must not be negative, was " + startWait);
    require(
        maxSize == null || maxSize.toMegabytes() >= 16,
        "max-size must be at least 16MB, was " + maxSize);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException("sluice.store." + message);
    }
  }

  /** Gives the file as an absolute path. */
  Path file() {
    return path.toAbsolutePath().normalize();
  }

  /** Gives the directory that belongs to this process alone. */
  Path directory() {
    Path parent = file().getParent();
    if (parent == null) {
      throw new IllegalArgumentException("sluice.store.path must name a file, was " + path);
    }
    return parent;
  }
}
