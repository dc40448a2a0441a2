package dev.sluice.store.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection with its prepared statements, confined to the thread that owns it. Statements are
 * kept by their text, so texts are constants and few.
 */
final class Session implements AutoCloseable {

  /** Work inside a transaction. */
  @FunctionalInterface
  interface Work<T extends @Nullable Object> {
    T run(Session session) throws SQLException;
  }

  /** Turns the current row into a value. */
  @FunctionalInterface
  interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  private static final Logger log = LoggerFactory.getLogger(Session.class);
  private static final int MAX_STATEMENTS = 200;

  /** Result positions of one transaction; see {@link Counters}. */
  private static final long MAX_POSITIONS = 1L << 20;

  private final Connection connection;
  private final Dialect dialect;
  private final Owner owner;
  private final Map<String, PreparedStatement> statements =
      new LinkedHashMap<>(MAX_STATEMENTS * 2, 0.75f, true);
  private final List<Runnable> afterCommit = new ArrayList<>();
  private long usedPositions;

  /**
   * @param owner whom this process is in the store
   */
  Session(Connection connection, Dialect dialect, Owner owner) {
    this.connection = connection;
    this.dialect = dialect;
    this.owner = owner;
  }

  Dialect dialect() {
    return dialect;
  }

  Owner owner() {
    return owner;
  }

  Connection connection() {
    return connection;
  }

  /** Gives the prepared statement of a text, ready to be bound. */
  PreparedStatement prepare(String sql) throws SQLException {
    PreparedStatement known = statements.get(sql);
    if (known != null) {
      return known;
    }
    if (statements.size() >= MAX_STATEMENTS) {
      Map.Entry<String, PreparedStatement> eldest = statements.entrySet().iterator().next();
      eldest.getValue().close();
      statements.remove(eldest.getKey());
    }
    PreparedStatement prepared = connection.prepareStatement(sql);
    statements.put(sql, prepared);
    return prepared;
  }

  /** Runs a changing statement; gives the rows it changed. */
  int update(String sql, @Nullable Object... arguments) throws SQLException {
    return bind(sql, arguments).executeUpdate();
  }

  /** Runs a changing statement; gives the rows it changed. */
  int update(Sql sql, @Nullable Object... arguments) throws SQLException {
    return update(sql.in(dialect), arguments);
  }

  /**
   * Runs a changing statement once for each row of arguments, on a database that is elsewhere in
   * one turn; gives the rows that each changed.
   */
  int[] updateEach(String sql, List<@Nullable Object[]> rows) throws SQLException {
    if (dialect == Dialect.SQLITE || rows.size() <= 1) {
      int[] changed = new int[rows.size()];
      for (int i = 0; i < changed.length; i++) {
        changed[i] = update(sql, rows.get(i));
      }
      return changed;
    }
    PreparedStatement statement = prepare(sql);
    for (@Nullable Object[] row : rows) {
      var _ = bind(sql, row);
      statement.addBatch();
    }
    return statement.executeBatch();
  }

  /** Gives all rows of a query. */
  <T> List<T> list(Sql sql, RowReader<T> reader, @Nullable Object... arguments)
      throws SQLException {
    return list(sql.in(dialect), reader, arguments);
  }

  /** Gives the first row of a query, or null. */
  <T> @Nullable T first(Sql sql, RowReader<T> reader, @Nullable Object... arguments)
      throws SQLException {
    return first(sql.in(dialect), reader, arguments);
  }

  /** Gives the number in the first column of the first row; empty when none or NULL. */
  OptionalLong number(Sql sql, @Nullable Object... arguments) throws SQLException {
    return number(sql.in(dialect), arguments);
  }

  /** Tells whether a query has a row. */
  boolean exists(Sql sql, @Nullable Object... arguments) throws SQLException {
    return exists(sql.in(dialect), arguments);
  }

  /** Gives all rows of a query. */
  <T> List<T> list(String sql, RowReader<T> reader, @Nullable Object... arguments)
      throws SQLException {
    List<T> rows = new ArrayList<>();
    try (ResultSet result = bind(sql, arguments).executeQuery()) {
      while (result.next()) {
        rows.add(reader.read(result));
      }
    }
    return rows;
  }

  /** Gives the first row of a query, or null. */
  <T> @Nullable T first(String sql, RowReader<T> reader, @Nullable Object... arguments)
      throws SQLException {
    try (ResultSet result = bind(sql, arguments).executeQuery()) {
      return result.next() ? reader.read(result) : null;
    }
  }

  /** Gives the number in the first column of the first row; empty when none or NULL. */
  OptionalLong number(String sql, @Nullable Object... arguments) throws SQLException {
    try (ResultSet result = bind(sql, arguments).executeQuery()) {
      if (!result.next()) {
        return OptionalLong.empty();
      }
      long value = result.getLong(1);
      return result.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }
  }

  /** Tells whether a query has a row. */
  boolean exists(String sql, @Nullable Object... arguments) throws SQLException {
    try (ResultSet result = bind(sql, arguments).executeQuery()) {
      return result.next();
    }
  }

  private PreparedStatement bind(String sql, @Nullable Object... arguments) throws SQLException {
    PreparedStatement statement = prepare(sql);
    for (int i = 0; i < arguments.length; i++) {
      Object argument = arguments[i];
      if (dialect == Dialect.POSTGRES && argument instanceof String text) {
        argument = storable(text);
      }
      statement.setObject(i + 1, argument);
    }
    return statement;
  }

  /** PostgreSQL keeps no NUL in a text, and what it does not take would be told again for ever. */
  static String storable(String text) {
    return text.indexOf('\0') < 0 ? text : text.replace('\0', '\uFFFD');
  }

  /**
   * Forgets all prepared statements: the driver ends a statement whose execution failed, and it
   * would fail for ever after.
   */
  void forgetStatements() {
    for (PreparedStatement statement : statements.values()) {
      try {
        statement.close();
      } catch (SQLException e) {
        log.atDebug().setCause(e).log("A failed statement did not close.");
      }
    }
    statements.clear();
  }

  /** Undoes what failed; that this fails as well adds to the reason. */
  void rollbackAfter(Throwable reason) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      reason.addSuppressed(e);
    }
  }

  /** Gives how many result positions this transaction used up; 0 where they outlive it. */
  long usedPositions() {
    return usedPositions;
  }

  /** Uses result positions up that count within this transaction. */
  void usePositions(long count) {
    if (dialect == Dialect.POSTGRES) {
      usedPositions += count;
      if (usedPositions >= MAX_POSITIONS) {
        throw new IllegalStateException("Too many results in one transaction, indicates a bug");
      }
    }
  }

  /** Runs {@code action} on this thread when the transaction has been committed, else never. */
  void afterCommit(Runnable action) {
    afterCommit.add(action);
  }

  /** Like {@link #afterCommit}, but a second call with the same action has no effect. */
  void afterCommitOnce(Runnable action) {
    if (!afterCommit.contains(action)) {
      afterCommit.add(action);
    }
  }

  /** Gives what is to be run after the commit so far, and forgets it. */
  List<Runnable> takeAfterCommit() {
    List<Runnable> taken = List.copyOf(afterCommit);
    afterCommit.clear();
    return taken;
  }

  @Override
  public void close() throws SQLException {
    forgetStatements();
    connection.close();
  }
}
