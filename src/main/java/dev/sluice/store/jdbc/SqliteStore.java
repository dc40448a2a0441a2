package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.StoreException;
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
final class SqliteStore implements JdbcStore {

  private static final Logger log = LoggerFactory.getLogger(SqliteStore.class);
  private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(1);

  private static final String BEAT =
      """
      UPDATE replica SET beat = beat + 1 WHERE id = ? RETURNING beat
      """;

  private static final String READ_BEAT =
      """
      SELECT beat FROM replica WHERE id = ?
      """;

  private final DirectoryLock lock;
  private final StoreProperties properties;
  private final Owner owner;
  private final GroupCommit writer;
  private final Readers readers;
  private final StoreRoles roles;

  private SqliteStore(
      DirectoryLock lock,
      Owner owner,
      GroupCommit writer,
      Readers readers,
      StoreParts parts,
      PublicIds ids) {
    this.lock = lock;
    this.properties = parts.properties();
    this.owner = owner;
    this.writer = writer;
    this.readers = readers;
    this.roles = StoreRoles.of(parts, ids);
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
      return open(lock, properties, clock, time, new PublicIds(clock, random), onFailStop, file);
    } catch (SQLException | StoreException e) {
      lock.close();
      throw file.refused(e);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static SqliteStore open(
      DirectoryLock lock,
      StoreProperties properties,
      ProcessClock clock,
      TimeTrust time,
      PublicIds ids,
      Consumer<StoreException> onFailStop,
      SqliteFile file)
      throws SQLException {
    Session writing = file.open(clock);
    try {
      Takeover.Taken taken = takeOver(writing, properties, clock);
      SeenTime.startedAfter(writing, time, clock);
      CommitLog commitLog = new CommitLog(properties.file(), properties.checkpointPages());
      commitLog.committed(writing);
      List<Session> reading = new ArrayList<>();
      for (int i = 0; i < properties.readerCount(); i++) {
        reading.add(file.openReader());
      }
      GroupCommit writer =
          new GroupCommit(
              writing,
              commitLog,
              clock,
              properties.writeQueue(),
              properties.busyTimeout(),
              reason -> failStop(properties, reason, onFailStop));
      Readers readers = new Readers(reading, properties.readQueue(), writer::stop);
      log.atInfo()
          .addKeyValue("file", properties.file())
          .addKeyValue("epoch", writing.owner().id())
          .addKeyValue("recoveredShards", taken.shardCount())
          .addKeyValue("inDoubtItems", taken.inDoubtCount())
          .addKeyValue("poisonItems", taken.poisonCount())
          .log("Store opened.");
      StoreParts parts =
          StoreParts.of(properties, clock, time, Units.same(writer, readers), Leases.ALWAYS);
      return new SqliteStore(lock, writing.owner(), writer, readers, parts, ids);
    } catch (SQLException | RuntimeException e) {
      file.closeAfter(e, writing);
      throw e;
    }
  }

  /** The directory's lock proves that all earlier processes are gone. */
  private static Takeover.Taken takeOver(
      Session session, StoreProperties properties, ProcessClock clock) throws SQLException {
    long now = clock.instant().toEpochMilli();
    Replicas.retireAll(session);
    session.owner().become(Replicas.register(session, now));
    Takeover.Taken taken = Takeover.atStart(properties).run(session, now);
    session.takeAfterCommit();
    session.connection().commit();
    return taken;
  }

  private static void failStop(
      StoreProperties properties, StoreException reason, Consumer<StoreException> next) {
    if (reason.kind() == StoreException.Kind.CORRUPT) {
      DamageMark.put(properties.file(), String.valueOf(reason.getMessage()));
    }
    next.accept(reason);
  }

  @Override
  public StoreRoles roles() {
    return roles;
  }

  GroupCommit groupCommit() {
    return writer;
  }

  @Override
  public void check() {
    writer.write(session -> session.number(BEAT, owner.id()).orElseThrow(), CHECK_TIMEOUT);
    long beat = readers.read(session -> session.number(READ_BEAT, owner.id()).orElse(0));
    if (beat < 1) {
      throw new StoreException(
          StoreException.Kind.CORRUPT, "The store does not read back what it wrote");
    }
  }

  /** Releases the directory, too. */
  @Override
  public void close() {
    try {
      readers.close();
      writer.close();
    } finally {
      lock.close();
    }
    log.atInfo().addKeyValue("file", properties.file()).log("Store closed.");
  }
}
