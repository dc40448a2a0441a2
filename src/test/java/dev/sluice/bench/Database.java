package dev.sluice.bench;

import dev.sluice.fixture.OwnPostgresServer;
import dev.sluice.fixture.PostgresServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * A PostgreSQL of one's own with the defaults of its version but for 128 MB of shared buffers, and
 * what it has used. With {@code -Dbench.statements=true} it counts its statements, which costs it
 * some percent.
 */
final class Database implements AutoCloseable {

  /** Cheapest last; elapsed time, so on a busy machine a statement pays for its neighbours. */
  private static final String STATEMENTS =
      """
      SELECT calls, total_exec_time, rows, wal_bytes, left(regexp_replace(query, '\\s+', ' ', 'g'), 90)
      FROM pg_stat_statements
      WHERE dbid = (SELECT oid FROM pg_database WHERE datname = ?)
      ORDER BY total_exec_time DESC LIMIT 25
      """;

  private static final String TABLES =
      """
      SELECT c.relname, pg_table_size(c.oid), pg_indexes_size(c.oid) FROM pg_class c
      WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 8
      """;

  private static final boolean COUNTED = Boolean.getBoolean("bench.statements");

  private final OwnPostgresServer server;
  private final PostgresServer.Database database;

  private Database(OwnPostgresServer server) {
    this.server = server;
    this.database = server.newDatabase();
  }

  /** Starts a server with an empty database. */
  static Database start() {
    OwnPostgresServer server = PostgresServer.own();
    if (COUNTED) {
      server.run("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
      server.stop();
      server.start();
      server.run("CREATE EXTENSION pg_stat_statements");
    }
    return new Database(server);
  }

  /** Makes another empty database on the same server. */
  PostgresServer.Database another() {
    return server.newDatabase();
  }

  /** What makes a Sluice process use it. */
  String[] arguments() {
    return database.arguments().toArray(String[]::new);
  }

  String version() {
    return server.version();
  }

  /** Gives what all processes of the server have taken so far. */
  long cpuMicros() {
    return server.cpuMicros();
  }

  /** Gives how much log the server has written so far. */
  long walBytes() {
    return number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint");
  }

  /** Gives the sessions of Sluice that there are now. */
  int connectionCount() {
    return (int)
        number(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sluice' AND datname = '"
                + database.name()
                + "'");
  }

  /** Writes what is in memory to the files, as the server does every five minutes. */
  void checkpoint() {
    server.run("CHECKPOINT");
  }

  /** What a table takes on the disk. */
  record Size(String table, long tableBytes, long indexBytes) {}

  /** Gives the largest tables. */
  List<Size> sizes() {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(TABLES)) {
      List<Size> sizes = new ArrayList<>();
      while (row.next()) {
        sizes.add(new Size(row.getString(1), row.getLong(2), row.getLong(3)));
      }
      return sizes;
    } catch (SQLException failure) {
      throw new IllegalStateException("PostgreSQL does not tell the sizes of tables", failure);
    }
  }

  /** Counts statements anew from here. */
  void forgetStatements() {
    if (COUNTED) {
      server.run("SELECT pg_stat_statements_reset()");
    }
  }

  /** Adds the dearest statements to a section, where they are counted. */
  void addStatements(Section section, long itemCount) {
    if (!COUNTED) {
      return;
    }
    Section.Table table =
        new Section.Table("statement", "calls", "µs each", "µs/item", "rows/call", "log B/item");
    try (Connection connection = server.connect();
        PreparedStatement statement = connection.prepareStatement(STATEMENTS)) {
      statement.setString(1, database.name());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          long calls = row.getLong(1);
          double micros = row.getDouble(2) * 1e3;
          table.row(
              row.getString(5),
              Long.toString(calls),
              Section.number(micros / calls),
              Section.number(micros / itemCount),
              Section.number(row.getLong(3) / (double) calls),
              Section.number(row.getLong(4) / (double) itemCount));
        }
      }
    } catch (SQLException failure) {
      throw new IllegalStateException("PostgreSQL does not tell its statements", failure);
    }
    section.add(table);
  }

  private long number(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    } catch (SQLException failure) {
      throw new IllegalStateException("PostgreSQL refused: " + sql, failure);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
