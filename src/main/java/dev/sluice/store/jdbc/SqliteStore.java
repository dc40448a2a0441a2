package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.StoreException;
import dev.sluice.store.StoreHealth;
import dev.sluice.store.TimeTrust;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
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
            new Sealing(parts.uploads(), parts.flows()),
            new IntakeRoom(parts.properties().maxSize()));
    this.shardQueue = new SqliteShardQueue(parts);
    this.controlBoard = new SqliteControlBoard(parts);
    this.batchReader = new SqliteBatchReader(parts);
    this.housekeeping = new SqliteHousekeeping(parts);
  }

  /**
   * Opens the store.
   *
   * @param time told when the store was last in use
   * @param onFailStop takes the reason, once, when nothing may be written any more
   * @throws StoreStartException when a person must act first
   */
  static SqliteStore open(
      StoreProperties properties,
      ProcessClock clock,
      TimeTrust time,
      SecureRandom random,
      Consumer<StoreException> onFailStop) {
    DirectoryLock lock = DirectoryLock.acquire(properties.directory(), clock);
    SqliteFile file = new SqliteFile(properties);
    try {
      StoreParts parts = parts(properties, clock, time, onFailStop, file);
      return new SqliteStore(lock, parts, new PublicIds(clock, random));
    } catch (SQLException | StoreException e) {
      lock.close();
      throw file.refused(e);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static StoreParts parts(
      StoreProperties properties,
      ProcessClock clock,
      TimeTrust time,
      Consumer<StoreException> onFailStop,
      SqliteFile file)
      throws SQLException {
    Session writing = file.open(clock);
    try {
      return parts(properties, clock, time, onFailStop, file, writing);
    } catch (SQLException | RuntimeException e) {
      file.closeAfter(e, writing);
      throw e;
    }
  }

  private static StoreParts parts(
      StoreProperties properties,
      ProcessClock clock,
      TimeTrust time,
      Consumer<StoreException> onFailStop,
      SqliteFile file,
      Session writing)
      throws SQLException {
    Takeover.Taken taken =
        Takeover.begin(
            writing, clock.instant().toEpochMilli(), properties.uploadTimeout().toMillis());
    SeenTime.startedAfter(writing, time, clock);
    CommitLog commitLog = new CommitLog(properties.file(), properties.checkpointPages());
    commitLog.committed(writing);
    List<Session> reading = new ArrayList<>();
    for (int i = 0; i < properties.readerCount(); i++) {
      reading.add(file.openReader());
    }
    Readiness readiness = new Readiness();
    Lanes lanes = new Lanes(clock);
    Uploads uploads = new Uploads(taken.epoch(), properties.uploadTimeout().toMillis());
    Flows flows = new Flows(readiness);
    GroupCommit writer =
        new GroupCommit(
            writing,
            commitLog,
            clock,
            properties.writeQueue(),
            properties.busyTimeout(),
            reason -> failStop(properties, reason, onFailStop));
    StoreParts parts =
        new StoreParts(
            taken.epoch(),
            properties,
            clock,
            time,
            writer,
            new Readers(reading, properties.readQueue(), writer::stop),
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
    return parts;
  }

  private static void failStop(
      StoreProperties properties, StoreException reason, Consumer<StoreException> next) {
    if (reason.kind() == StoreException.Kind.CORRUPT) {
      DamageMark.put(properties.file(), String.valueOf(reason.getMessage()));
    }
    next.accept(reason);
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
