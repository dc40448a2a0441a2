package dev.sluice.store.jdbc;

import dev.sluice.fixture.PostgresServer;
import dev.sluice.store.AuditLog;
import dev.sluice.store.AuditLogContract;
import dev.sluice.store.TimeTrust;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** The laws of the audit record, on a real PostgreSQL. */
class PostgresAuditLogTests extends AuditLogContract {

  private final PostgresServer server = PostgresServer.shared();
  private final PostgresServer.Database database = server.newDatabase();
  private PostgresStore store;

  @Override
  protected AuditLog create() {
    StoreProperties properties =
        new Binder(new MapConfigurationPropertySource(Map.of("sluice.store.connections", "4")))
            .bindOrCreate("sluice.store", StoreProperties.class);
    store =
        PostgresStore.open(
            new DatabaseProperties(database.jdbcUrl(), database.user(), database.password()),
            properties,
            clock,
            new TimeTrust(clock, clock),
            new SecureRandom());
    return store.roles().auditLog();
  }

  @Override
  protected AuditLog reopen() {
    store.close();
    return create();
  }

  @Override
  protected void tamper(String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(database.jdbcUrl(), database.user(), database.password());
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }

  @Override
  protected void allowChanges() throws SQLException {
    tamper("DROP TRIGGER audit_never_changes ON audit");
  }

  @Override
  protected void close() {
    store.close();
    server.drop(database);
  }
}
