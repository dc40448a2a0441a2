package dev.sluice.store.jdbc;

import dev.sluice.fixture.PostgresServer;
import dev.sluice.store.StoreContract;
import dev.sluice.store.TimeTrust;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** The laws of the store, on a real PostgreSQL. */
@NullUnmarked
class PostgresStoreContractTests extends StoreContract {

  /** A database and its schema take longer to make than any of the laws to show. */
  private static final PostgresServer.Database DATABASE = PostgresServer.shared().newDatabase();

  /** Everything but what the schema comes with. */
  private static final String EMPTY =
      """
      DO $$ DECLARE tables text;
      BEGIN
        SELECT string_agg(quote_ident(tablename), ', ') INTO tables FROM pg_tables
        WHERE schemaname = 'public'
          AND tablename NOT IN ('schema_history', 'limit_version', 'store_check', 'transaction_origin');
        IF tables IS NOT NULL THEN
          EXECUTE 'TRUNCATE ' || tables || ' RESTART IDENTITY';
        END IF;
      END $$
      """;

  private final List<PostgresStore> opened = new ArrayList<>();

  @Override
  protected Roles create() {
    try (Connection connection = DATABASE.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(EMPTY);
    } catch (SQLException e) {
      throw new IllegalStateException("The database was not emptied", e);
    }
    return roles(open());
  }

  private PostgresStore open() {
    StoreProperties properties =
        new Binder(new MapConfigurationPropertySource(Map.of("sluice.store.connections", "4")))
            .bindOrCreate("sluice.store", StoreProperties.class);
    PostgresStore store =
        PostgresStore.open(
            new DatabaseProperties(DATABASE.jdbcUrl(), DATABASE.user(), DATABASE.password()),
            properties,
            clock,
            new TimeTrust(clock, clock),
            new SecureRandom());
    opened.add(store);
    return store;
  }

  private static Roles roles(PostgresStore store) {
    StoreRoles roles = store.roles();
    return new Roles(
        roles.batchWriter(),
        roles.shardQueue(),
        roles.controlBoard(),
        roles.batchReader(),
        roles.housekeeping(),
        store);
  }

  /** A killed process leaves its row, until a peer says that it is gone. */
  @Override
  protected Roles crashAndReopen() {
    PostgresStore dead = opened.getLast();
    PostgresStore next = open();
    next.takeOver(dead.replica());
    return roles(next);
  }

  @Override
  protected void close() {
    opened.forEach(PostgresStore::close);
  }
}
