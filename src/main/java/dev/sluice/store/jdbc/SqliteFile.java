package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.StoreException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** The SQLite file: its creation, its schema and the connections to it. */
final class SqliteFile {

  private static final String MIGRATIONS = "classpath:db/migration/sqlite";

  /** "SLCE". */
  private static final int APPLICATION_ID = 0x534c4345;

  private final StoreProperties properties;
  private final SQLiteDataSource source;
  private final Owner owner = new Owner();

  SqliteFile(StoreProperties properties) {
    this.properties = properties;
    SQLiteConfig config = new SQLiteConfig();
    // Otherwise the driver matches a pattern against the text of every INSERT it runs.
    config.setGetGeneratedKeys(false);
    this.source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + properties.file());
    source.setBusyTimeout((int) properties.busyTimeout().toMillis());
  }

  /**
   * Opens the store's file: creates it when it is missing, refuses it when it is damaged or not
   * ours, and brings its schema up to date. Gives the writing connection, in a transaction. It is
   * the first to be opened, so that no other one is the last to be closed and removes the log.
   *
   * @throws StoreStartException when the file cannot be used or is newer than this program
   */
  Session open(ProcessClock clock) {
    Path file = properties.file();
    Session session = null;
    try {
      LogCheck.require(file);
      createPrivately(file);
      session = openWriter();
      requireOurs(session);
      requireWhole(new FileCheck(session, clock));
      migrate();
      return session;
    } catch (SQLException | IOException | FlywayException e) {
      throw closing(session, refused(e));
    } catch (RuntimeException e) {
      throw closing(session, e);
    }
  }

  /** Gives why a start fails, as a sentence with the file and the remedy. */
  StoreStartException refused(Exception e) {
    if (e instanceof SQLException sql
        && SqlFailures.asStoreException(sql).kind() == StoreException.Kind.FULL) {
      return new StoreStartException(
          "The store's file %s cannot be opened, its disk is full: %s. Free space, or raise sluice.store.max-size if it is set."
              .formatted(properties.file(), e.getMessage()),
          e);
    }
    return new StoreStartException(
        "The store's file %s cannot be opened: %s. Restore it and all files beside it from a backup, or set sluice.store.path to another file."
            .formatted(properties.file(), e.getMessage()),
        e);
  }

  private <E extends RuntimeException> E closing(@Nullable Session session, E reason) {
    if (session != null) {
      closeAfter(reason, session);
    }
    return reason;
  }

  /** Closes the writing connection of a start that failed for this reason. */
  void closeAfter(Exception reason, Session session) {
    // The last connection to close copies the log and removes it: the next start must not miss it.
    try (session;
        LogMark mark = new LogMark(properties.file())) {
      mark.remove();
    } catch (SQLException | RuntimeException e) {
      reason.addSuppressed(e);
    }
  }

  private void requireOurs(Session session) throws SQLException {
    long application = session.number("PRAGMA application_id").orElse(0);
    if (application == 0) {
      session.prepare("PRAGMA application_id = " + APPLICATION_ID).execute();
    } else if (application != APPLICATION_ID) {
      throw new StoreStartException(
          "The file %s is of another program (application id %d) or damaged. Restore it and all files beside it from a backup, or set sluice.store.path to another file."
              .formatted(properties.file(), application),
          null);
    }
    session.connection().commit();
  }

  private void requireWhole(FileCheck check) throws SQLException, IOException {
    Path file = properties.file();
    // Whoever met damage while it ran left word of it, and then no time is too long.
    boolean suspected = DamageMark.isPresent(file);
    String damage = suspected ? check.whole() : check.within(properties.checkAtStart());
    if (damage != null) {
      throw new StoreStartException(
          "The store's file %s is damaged: %s. Restore it and all files beside it from a backup, or set sluice.store.path to another file."
              .formatted(file, damage.lines().limit(3).collect(Collectors.joining("; "))),
          null);
    }
    if (suspected) {
      DamageMark.remove(file);
    }
  }

  private void migrate() {
    migrate(source, MIGRATIONS, "file " + properties.file());
  }

  /**
   * Brings a schema up to date.
   *
   * @param what the store's file or database, as messages name it
   */
  static void migrate(DataSource source, String migrations, String what) {
    Flyway flyway = flyway(source, migrations);
    refuseNewer(flyway, what);
    flyway.migrate();
  }

  /** Gives what brings a schema up to date, each step in a transaction of its own. */
  static Flyway flyway(DataSource source) {
    return flyway(source, MIGRATIONS);
  }

  private static Flyway flyway(DataSource source, String migrations) {
    return Flyway.configure()
        .dataSource(source)
        .locations(migrations)
        .table("schema_history")
        .validateMigrationNaming(true)
        .ignoreMigrationPatterns(new String[0])
        .load();
  }

  private static void createPrivately(Path file) throws IOException {
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isRegularFile(file)) {
        throw e;
      }
    }
  }

  private static void refuseNewer(Flyway flyway, String what) {
    for (MigrationInfo applied : flyway.info().applied()) {
      if (applied.getState() == MigrationState.FUTURE_SUCCESS
          || applied.getState() == MigrationState.FUTURE_FAILED) {
        throw new StoreStartException(
            "The store's %s has schema version %s, newer than this program knows. Start the newer version of Sluice."
                .formatted(what, applied.getVersion()),
            null);
      }
    }
  }

  DataSource source() {
    return source;
  }

  /** Opens the writing connection, in a transaction. */
  Session openWriter() throws SQLException {
    Session session =
        open(
            // Both have an effect only while the file is empty.
            "PRAGMA page_size = " + properties.pageSize().toBytes(),
            "PRAGMA auto_vacuum = INCREMENTAL",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            // The writer itself does it and sees when it fails: CommitLog.
            "PRAGMA wal_autocheckpoint = 0",
            "PRAGMA journal_size_limit = "
                + 2L * properties.checkpointPages() * properties.pageSize().toBytes());
    IntakeRoom.bound(session, properties.maxSize());
    return session;
  }

  /** Opens a reading connection, in a transaction; it never checkpoints. */
  Session openReader() throws SQLException {
    return open("PRAGMA wal_autocheckpoint = 0", "PRAGMA query_only = ON");
  }

  private Session open(String... pragmas) throws SQLException {
    Connection connection = source.getConnection();
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA mmap_size = 0");
      statement.execute("PRAGMA cell_size_check = ON");
      statement.execute("PRAGMA trusted_schema = OFF");
      statement.execute("PRAGMA foreign_keys = OFF");
      statement.execute("PRAGMA temp_store = MEMORY");
      statement.execute("PRAGMA cache_size = -" + properties.cacheSize().toKilobytes());
      for (String pragma : pragmas) {
        statement.execute(pragma);
      }
    }
    connection.setAutoCommit(false);
    return new Session(connection, Dialect.SQLITE, owner);
  }
}
