package dev.sluice.store.jdbc;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** The SQLite file: its creation, its schema and the connections to it. */
final class SqliteFile {

  private static final String MIGRATIONS = "classpath:db/migration/sqlite";

  private final StoreProperties properties;
  private final SQLiteDataSource source;

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
   * Creates the file when it is missing and brings its schema up to date.
   *
   * @throws StoreStartException when the file cannot be used or is newer than this program
   */
  void migrate() {
    try {
      createPrivately(properties.file());
      try (Connection connection = source.getConnection();
          Statement statement = connection.createStatement()) {
        // Both have an effect only while the file is empty.
        statement.execute("PRAGMA page_size = " + properties.pageSize().toBytes());
        statement.execute("PRAGMA auto_vacuum = INCREMENTAL");
        statement.execute("PRAGMA journal_mode = WAL");
      }
      Flyway flyway =
          Flyway.configure()
              .dataSource(source)
              .locations(MIGRATIONS)
              .table("schema_history")
              .validateMigrationNaming(true)
              .ignoreMigrationPatterns(new String[0])
              .load();
      refuseNewer(flyway);
      flyway.migrate();
    } catch (SQLException | IOException | FlywayException e) {
      throw new StoreStartException(
          "The store's file %s cannot be opened: %s. Restore it from a backup, or set sluice.store.path to another file."
              .formatted(properties.file(), e.getMessage()),
          e);
    }
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

  private void refuseNewer(Flyway flyway) {
    for (MigrationInfo applied : flyway.info().applied()) {
      if (applied.getState() == MigrationState.FUTURE_SUCCESS
          || applied.getState() == MigrationState.FUTURE_FAILED) {
        throw new StoreStartException(
            "The store's file %s has schema version %s, newer than this program knows. Start the newer version of Sluice."
                .formatted(properties.file(), applied.getVersion()),
            null);
      }
    }
  }

  /** Opens the writing connection, in a transaction. */
  Session openWriter() throws SQLException {
    return open(
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA wal_autocheckpoint = " + properties.checkpointPages(),
        "PRAGMA journal_size_limit = "
            + 2L * properties.checkpointPages() * properties.pageSize().toBytes());
  }

  /** Opens a reading connection, in a transaction; it never checkpoints. */
  Session openReader() throws SQLException {
    return open("PRAGMA wal_autocheckpoint = 0", "PRAGMA query_only = ON");
  }

  private Session open(String... pragmas) throws SQLException {
    Connection connection = source.getConnection();
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA mmap_size = 0");
      statement.execute("PRAGMA trusted_schema = OFF");
      statement.execute("PRAGMA foreign_keys = OFF");
      statement.execute("PRAGMA temp_store = MEMORY");
      statement.execute("PRAGMA cache_size = -" + properties.cacheSize().toKilobytes());
      for (String pragma : pragmas) {
        statement.execute(pragma);
      }
    }
    connection.setAutoCommit(false);
    return new Session(connection);
  }
}
