package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What must hold of a shared database before it is used: it answers, and it keeps what it took. */
final class PostgresStart {

  private static final Logger log = LoggerFactory.getLogger(PostgresStart.class);
  private static final Duration TRY_AGAIN = Duration.ofMillis(500);
  private static final int OLDEST = 15;

  /** Settings that a compatible server does not have are not off. */
  private static final String SETTINGS =
      """
      SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'),
        current_setting('fsync', true), current_setting('full_page_writes', true),
        current_setting('synchronous_commit', true)
      """;

  /** Of these a plain user sees that they are there, and no more. */
  private static final String STANDBYS =
      """
      SELECT count(*) FILTER (WHERE r.sync_state IN ('async', 'potential')),
        count(*) FILTER (WHERE r.sync_state IN ('sync', 'quorum'))
      FROM pg_stat_replication r
      WHERE r.state = 'streaming'
        AND NOT EXISTS (
          SELECT 1 FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
      """;

  private final PostgresConnector connector;
  private final StoreProperties properties;
  private final ProcessClock clock;

  PostgresStart(PostgresConnector connector, StoreProperties properties, ProcessClock clock) {
    this.connector = connector;
    this.properties = properties;
    this.clock = clock;
  }

  private record Settings(
      int major,
      String version,
      @Nullable String fsync,
      @Nullable String fullPageWrites,
      @Nullable String synchronousCommit) {

    static Settings of(ResultSet row) throws SQLException {
      return new Settings(
          row.getInt(1), row.getString(2), row.getString(3), row.getString(4), row.getString(5));
    }

    List<String> faults() {
      List<String> faults = new ArrayList<>();
      if (major < OLDEST) {
        faults.add("it is PostgreSQL " + version + ", and Sluice needs " + OLDEST + " or newer");
      }
      if ("off".equals(fsync)) {
        faults.add("fsync is off, so a crash of the machine may destroy it");
      }
      if ("off".equals(fullPageWrites)) {
        faults.add("full_page_writes is off, so a crash of the machine may destroy it");
      }
      if ("off".equals(synchronousCommit)) {
        faults.add("synchronous_commit is off, so a crash may take what was acknowledged");
      }
      return faults;
    }
  }

  /**
   * Waits for the database and looks whether it is safe.
   *
   * @throws StoreStartException when it does not answer in time, or a person must act first
   */
  void require() {
    try (Session session =
        new Session(await(connector::openForUnits), Dialect.POSTGRES, new Owner())) {
      requireSafe(session);
      warnOfStandbys(session);
    } catch (SQLException e) {
      throw unreachable(e);
    }
  }

  /**
   * Gives connections to bring the schema up to date with, each waited for as the first one was.
   *
   * @throws StoreStartException from it, when the database does not answer in time
   */
  DataSource migrations() {
    return new PostgresSource(() -> await(connector::openForMigrations));
  }

  private Connection await(PostgresSource.Opening opening) {
    long began = clock.nanoTime();
    boolean told = false;
    while (true) {
      try {
        return opening.open();
      } catch (SQLException e) {
        if (!PostgresFailures.isNotThereYet(e)
            || clock.nanoTime() - began >= properties.startWait().toNanos()
            || Thread.currentThread().isInterrupted()) {
          throw unreachable(e);
        }
        if (!told) {
          told = true;
          log.atWarn()
              .addKeyValue("url", connector.name())
              .addKeyValue("reason", e.getMessage())
              .addKeyValue("atMost", properties.startWait())
              .log("The database does not answer yet; the start waits for it.");
        }
        LockSupport.parkNanos(this, TRY_AGAIN.toNanos());
      }
    }
  }

  private StoreStartException unreachable(SQLException e) {
    return new StoreStartException(
        "The database %s cannot be used: %s. Start it, or correct spring.datasource.url, username and password; a database that takes long to start is waited for with sluice.store.start-wait."
            .formatted(connector.name(), e.getMessage()),
        e);
  }

  private void requireSafe(Session session) throws SQLException {
    Settings settings = session.first(SETTINGS, Settings::of);
    List<String> faults = settings == null ? List.of() : settings.faults();
    if (faults.isEmpty()) {
      return;
    }
    String what =
        "The database %s is not safe for Sluice: %s."
            .formatted(connector.name(), String.join("; ", faults));
    if (!properties.allowUnsafeDatabase()) {
      throw new StoreStartException(
          what
              + " Change that and reload or upgrade the server, or set sluice.store.allow-unsafe-database=true if nothing on it matters.",
          null);
    }
    log.atWarn()
        .log("{} It is used all the same, as sluice.store.allow-unsafe-database says.", what);
  }

  private record Standbys(int asynchronous, int synchronous) {}

  private void warnOfStandbys(Session session) {
    try {
      Standbys standbys =
          session.first(STANDBYS, row -> new Standbys(row.getInt(1), row.getInt(2)));
      if (standbys != null && standbys.asynchronous > 0 && standbys.synchronous == 0) {
        log.atWarn()
            .addKeyValue("standbys", standbys.asynchronous)
            .log(
                "The database has asynchronous standbys only: a failover to one of them takes what was acknowledged last, and what was sent then is sent again. Set synchronous_standby_names to prevent that.");
      }
    } catch (SQLException e) {
      log.atDebug().setCause(e).log("The standbys of the database cannot be seen.");
    }
  }
}
