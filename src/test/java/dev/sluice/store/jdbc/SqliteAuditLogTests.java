package dev.sluice.store.jdbc;

import dev.sluice.store.AuditLog;
import dev.sluice.store.AuditLogContract;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.io.TempDir;

/** The laws of the audit record, on a real SQLite file. */
class SqliteAuditLogTests extends AuditLogContract {

  @TempDir Path directory;
  private SqliteStore store;

  @Override
  protected AuditLog create() {
    store = TestStores.open(directory.resolve("sluice.db"), clock);
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
            DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("sluice.db"));
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }

  @Override
  protected void allowChanges() throws SQLException {
    tamper("DROP TRIGGER audit_never_changes");
  }

  @Override
  protected void close() {
    store.close();
  }
}
