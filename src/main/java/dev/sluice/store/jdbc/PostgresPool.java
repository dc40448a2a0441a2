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

  private final HikariDataSource source;
  private final Owner owner;

  PostgresPool(PostgresConnector connector, StoreProperties properties, Owner owner) {
    this.owner = owner;
    HikariConfig config = new HikariConfig();
    config.setPoolName("sluice-store");
    config.setJdbcUrl(connector.url());
    config.setDataSourceProperties(connector.forUnits());
    config.setAutoCommit(false);
    config.setMaximumPoolSize(properties.connections());
    config.setMinimumIdle(Math.min(2, properties.connections()));
    config.setConnectionTimeout(CONNECT.toMillis());
    config.setValidationTimeout(CONNECT.toMillis() / 2);
    // Whoever starts the process has waited for the database.
    config.setInitializationFailTimeout(-1);
    this.source = new HikariDataSource(config);
  }

  DataSource source() {
    return source;
  }

  /** Takes a connection for one transaction, throughout which this process is one replica. */
  Session session() throws SQLException {
    Connection connection = source.getConnection();
    return new Session(connection, Dialect.POSTGRES, owner.now());
  }

  @Override
  public void close() {
    source.close();
  }
}
