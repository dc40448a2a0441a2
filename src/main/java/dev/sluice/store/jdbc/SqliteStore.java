package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.StoreException;
import dev.sluice.store.StoreHealth;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded store: one file, one process, one writer. Opening it takes the directory's lock,
 * brings the schema up to date and makes what the last process held claimable again.
 */
final class SqliteStore implements StoreHealth, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SqliteStore.class);
  private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(1);

  private static final String BEAT =
      """
      UPDATE replica SET beat = beat + 1 WHERE id = ? RETURNING beat
      """;

  private final DirectoryLock lock;
  private final StoreParts parts;
  private final BatchWriter batchWriter;
  private final ShardQueue shardQueue;
  private final ControlBoard controlBoard;
  private final BatchReader batchReader;
  private final Housekeeping housekeeping;

  private SqliteStore(DirectoryLock lock, StoreParts parts, PublicIds ids) {
    this.lock = lock;
    this.parts = parts;
    long uploadTimeout = parts.properties().uploadTimeout().toMillis();
    BatchIntake intake =
        new BatchIntake(parts.epoch(), uploadTimeout, ids, parts.uploads(), parts.destinations());
    this.batchWriter =
        new SqliteBatchWriter(
            parts.writer(),
            parts.clock(),
            parts.uploads(),
            intake,
            new Sealing(parts.uploads(), parts.flows()));
    this.shardQueue = new SqliteShardQueue(parts);
    this.controlBoard = new SqliteControlBoard(parts);
    this.batchReader = new SqliteBatchReader(parts);
    this.housekeeping = new SqliteHousekeeping(parts);
  }

  /**
   * Opens the store.
   *
   * @param onFailStop called once when nothing may be written any more
   * @throws StoreStartException when a person must act first
   */
  static SqliteStore open(
      StoreProperties properties, ProcessClock clock, SecureRandom random, Runnable onFailStop) {
    DirectoryLock lock = DirectoryLock.acquire(properties.directory(), clock);
    try {
      SqliteFile file = new SqliteFile(properties);
      file.migrate();
      return open(properties, clock, random, onFailStop, lock, file);
    } catch (SQLException e) {
      lock.close();
      throw new StoreStartException(
          "The store's file %s cannot be used: %s".formatted(properties.file(), e.getMessage()), e);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static SqliteStore open(
      StoreProperties properties,
      ProcessClock clock,
      SecureRandom random,
      Runnable onFailStop,
      DirectoryLock lock,
      SqliteFile file)
      throws SQLException {
    Session writing = file.openWriter();
    Takeover.Taken taken =
        Takeover.begin(
            writing, clock.instant().toEpochMilli(), properties.uploadTimeout().toMillis());
    List<Session> reading = new ArrayList<>();
    for (int i = 0; i < properties.readerCount(); i++) {
      reading.add(file.openReader());
    }
    Readiness readiness = new Readiness();
    Lanes lanes = new Lanes(clock);
    Uploads uploads = new Uploads(taken.epoch(), properties.uploadTimeout().toMillis());
    Flows flows = new Flows(readiness);
    StoreParts parts =
        new StoreParts(
            taken.epoch(),
            properties,
            clock,
            new GroupCommit(
                writing, clock, properties.writeQueue(), properties.busyTimeout(), onFailStop),
            new Readers(reading, properties.readQueue()),
            lanes,
            new Destinations(lanes),
            uploads,
            flows,
            new Transitions(uploads, flows),
            readiness,
            new Terms());
    log.atInfo()
        .addKeyValue("file", properties.file())
        .addKeyValue("epoch", taken.epoch())
        .addKeyValue("recoveredShards", taken.shardCount())
        .addKeyValue("inDoubtItems", taken.inDoubtCount())
        .addKeyValue("poisonItems", taken.poisonCount())
        .log("Store opened.");
    return new SqliteStore(lock, parts, new PublicIds(clock, random));
  }

  BatchWriter batchWriter() {
    return batchWriter;
  }

  ShardQueue shardQueue() {
    return shardQueue;
  }

  ControlBoard controlBoard() {
    return controlBoard;
  }

  BatchReader batchReader() {
    return batchReader;
  }

  Housekeeping housekeeping() {
    return housekeeping;
  }

  GroupCommit groupCommit() {
    return parts.writer();
  }

  @Override
  public void check() {
    parts
        .writer()
        .write(session -> session.number(BEAT, parts.epoch()).orElseThrow(), CHECK_TIMEOUT);
    long beat =
        parts
            .readers()
            .read(
                session ->
                    session
                        .number("SELECT beat FROM replica WHERE id = ?", parts.epoch())
                        .orElse(0));
    if (beat < 1) {
      throw new StoreException(
          StoreException.Kind.CORRUPT, "The store does not read back what it wrote");
    }
  }

  /** Ends reads and writes, each after what it had begun, and releases the directory. */
  @Override
  public void close() {
    try {
      parts.readers().close();
      parts.writer().close();
    } finally {
      lock.close();
    }
    log.atInfo().addKeyValue("file", parts.properties().file()).log("Store closed.");
  }
}
