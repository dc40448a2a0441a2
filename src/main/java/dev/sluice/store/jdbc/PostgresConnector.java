package dev.sluice.store.jdbc;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;

/**
 * How connections to the shared database are made. All have bounds: on connecting, on waiting for
 * an answer, and at the server on statements and transactions.
 */
final class PostgresConnector {

  /** For making a connection, and for each answer of the server meanwhile. */
  static final int CONNECT_SECONDS = 2;

  /**
   * The bounds of units of work. A transaction that its process abandons ends, and frees its rows,
   * before the peers take that process for dead.
   */
  private static final String UNITS =
      "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=10s"
          + " -c default_transaction_isolation=read\\ committed";

  /** Longer than any statement may take. */
  static final Duration UNIT_ANSWER = Duration.ofSeconds(15);

  /**
   * Of what brings the schema up to date: a step may rewrite a large table, and one that waits
   * holds a lock meanwhile. It must not keep replicas that run from theirs, though.
   */
  private static final String MIGRATIONS =
      "-c statement_timeout=10min -c lock_timeout=5s -c idle_in_transaction_session_timeout=11min"
          + " -c default_transaction_isolation=read\\ committed";

  private static final Duration MIGRATION_ANSWER = Duration.ofMinutes(11);

  /**
   * Of what is worthless when it is late. It need not be on the disk either: a beat that is lost
   * with the database is followed by the next one.
   */
  private static final String SIGNS =
      "-c statement_timeout=2s -c lock_timeout=1s -c synchronous_commit=off";

  private static final Duration SIGN_ANSWER = Duration.ofMillis(2_500);

  private final DatabaseProperties database;

  PostgresConnector(DatabaseProperties database) {
    this.database = database;
  }

  String url() {
    return String.valueOf(database.url());
  }

  /** Gives the database as messages name it: parameters may hold secrets. */
  String name() {
    return DatabaseProperties.withoutParameters(url());
  }

  /** Opens a connection for units of work. */
  Connection openForUnits() throws SQLException {
    return open(UNITS, UNIT_ANSWER);
  }

  /** Opens a connection to bring the schema up to date with. */
  Connection openForMigrations() throws SQLException {
    return open(MIGRATIONS, MIGRATION_ANSWER);
  }

  /** Opens a connection for signs of life, each committed at once. */
  Connection openForSigns() throws SQLException {
    return open(SIGNS, SIGN_ANSWER);
  }

  private Connection open(String options, Duration answer) throws SQLException {
    Connection connection = DriverManager.getConnection(url(), properties(options));
    try {
      connection.setNetworkTimeout(Runnable::run, (int) answer.toMillis());
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private Properties properties(String options) {
    Properties properties = new Properties();
    if (database.username() != null) {
      properties.setProperty("user", database.username());
    }
    if (database.password() != null) {
      properties.setProperty("password", database.password());
    }
    properties.setProperty("ApplicationName", "sluice");
    properties.setProperty("connectTimeout", Integer.toString(CONNECT_SECONDS));
    properties.setProperty("socketTimeout", Integer.toString(CONNECT_SECONDS));
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("targetServerType", "primary");
    // Of several hosts: what was a standby a moment ago may be the primary now.
    properties.setProperty("hostRecheckSeconds", "1");
    properties.setProperty("prepareThreshold", "3");
    properties.setProperty("preparedStatementCacheQueries", "512");
    properties.setProperty("options", options);
    return properties;
  }
}
