package dev.sluice.store.jdbc;

import dev.sluice.fixture.PostgresServer;
import dev.sluice.store.StoreContract;
import dev.sluice.store.TimeTrust;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** The laws of the store, on a real PostgreSQL. */
@NullUnmarked
class PostgresStoreContractTests extends StoreContract {

  private final PostgresServer server = PostgresServer.shared();
  private final List<PostgresStore> opened = new ArrayList<>();
  private PostgresServer.Database database;

  @Override
  protected Roles create() {
    database = server.newDatabase();
    return roles(open());
  }

  private PostgresStore open() {
    StoreProperties properties =
        new Binder(new MapConfigurationPropertySource(Map.of("sluice.store.connections", "4")))
            .bindOrCreate("sluice.store", StoreProperties.class);
    PostgresStore store =
        PostgresStore.open(
            new DatabaseProperties(database.jdbcUrl(), database.user(), database.password()),
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
    server.drop(database);
  }
}
