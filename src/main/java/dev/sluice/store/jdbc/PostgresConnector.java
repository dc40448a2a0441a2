package dev.sluice.store.jdbc;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/**
 * How connections to the shared database are made. All have bounds: on connecting, on waiting for
 * an answer, and at the server on statements and transactions.
 */
final class PostgresConnector {

  private static final String CONNECT_SECONDS = "2";

  /**
   * The bounds of units of work. A transaction that its process abandons ends, and frees its rows,
   * before the peers take that process for dead.
   */
  private static final String UNITS =
      "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=10s"
          + " -c default_transaction_isolation=read\\ committed";

  private static final String UNIT_SECONDS = "15";

  /**
   * Of what is worthless when it is late. It need not be on the disk either: a beat that is lost
   * with the database is followed by the next one.
   */
  private static final String SIGNS =
      "-c statement_timeout=2s -c lock_timeout=1s -c synchronous_commit=off";

  private static final String SIGN_SECONDS = "3";

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

  /** Gives the settings of connections for units of work. */
  Properties forUnits() {
    return properties(UNITS, UNIT_SECONDS);
  }

  /** Opens a connection for a unit of work that comes before there is a pool. */
  Connection openForUnits() throws SQLException {
    return DriverManager.getConnection(url(), forUnits());
  }

  /** Opens a connection for signs of life, each committed at once. */
  Connection openForSigns() throws SQLException {
    return DriverManager.getConnection(url(), properties(SIGNS, SIGN_SECONDS));
  }

  private Properties properties(String options, String answerSeconds) {
    Properties properties = new Properties();
    if (database.username() != null) {
      properties.setProperty("user", database.username());
    }
    if (database.password() != null) {
      properties.setProperty("password", database.password());
    }
    properties.setProperty("ApplicationName", "sluice");
    properties.setProperty("connectTimeout", CONNECT_SECONDS);
    properties.setProperty("socketTimeout", answerSeconds);
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("targetServerType", "primary");
    properties.setProperty("prepareThreshold", "3");
    properties.setProperty("preparedStatementCacheQueries", "512");
    properties.setProperty("options", options);
    return properties;
  }
}
