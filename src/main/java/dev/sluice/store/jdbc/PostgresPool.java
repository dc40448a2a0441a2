package dev.sluice.store.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;

/** Connections to the PostgreSQL that replicas share; each is used for one transaction. */
final class PostgresPool implements AutoCloseable {

  /** How long a caller waits for a connection. */
  private static final Duration CONNECT = Duration.ofMillis(1_500);

  private static final Duration READ = Duration.ofSeconds(15);

  /** What bounds every statement and transaction at the server. */
  private static final String SERVER_LIMITS =
      "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
          + " -c default_transaction_isolation=read\\ committed";

  private final HikariDataSource source;
  private final Owner owner;

  PostgresPool(DatabaseProperties database, StoreProperties properties, Owner owner) {
    this.owner = owner;
    HikariConfig config = new HikariConfig();
    config.setPoolName("sluice-store");
    config.setJdbcUrl(database.url());
    config.setUsername(database.username());
    config.setPassword(database.password());
    config.setAutoCommit(false);
    config.setMaximumPoolSize(properties.connections());
    config.setMinimumIdle(Math.min(2, properties.connections()));
    config.setConnectionTimeout(CONNECT.toMillis());
    config.setValidationTimeout(CONNECT.toMillis() / 2);
    // A database that is away at the start is waited for by who starts the process.
    config.setInitializationFailTimeout(CONNECT.toMillis());
    config.addDataSourceProperty("ApplicationName", "sluice");
    config.addDataSourceProperty("connectTimeout", "2");
    config.addDataSourceProperty("socketTimeout", Long.toString(READ.toSeconds()));
    config.addDataSourceProperty("tcpKeepAlive", "true");
    config.addDataSourceProperty("targetServerType", "primary");
    config.addDataSourceProperty("prepareThreshold", "3");
    config.addDataSourceProperty("preparedStatementCacheQueries", "512");
    config.addDataSourceProperty("options", SERVER_LIMITS);
    this.source = new HikariDataSource(config);
  }

  DataSource source() {
    return source;
  }

  /** Takes a connection for one transaction. */
  Session session() throws SQLException {
    Connection connection = source.getConnection();
    return new Session(connection, Dialect.POSTGRES, owner);
  }

  @Override
  public void close() {
    source.close();
  }
}
