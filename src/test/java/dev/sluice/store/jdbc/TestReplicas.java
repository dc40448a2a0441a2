package dev.sluice.store.jdbc;

import dev.sluice.fixture.DatabaseProxy;
import dev.sluice.fixture.PostgresServer;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.TimeTrust;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Stores of several processes on one database; none does anything by itself. */
final class TestReplicas implements AutoCloseable {

  private final PostgresServer server = PostgresServer.shared();
  private final PostgresServer.Database database = server.newDatabase();
  private final List<PostgresStore> opened = new ArrayList<>();
  private final ProcessClock clock;

  TestReplicas(ProcessClock clock) {
    this.clock = clock;
  }

  PostgresStore open() {
    PostgresStore store = open(Map.of());
    opened.add(store);
    return store;
  }

  /** Opens a store that the caller closes. */
  PostgresStore open(Map<String, String> settings) {
    return open(database, settings);
  }

  /** Opens a store behind a network that can be harmed. */
  PostgresStore open(DatabaseProxy proxy, Map<String, String> settings) {
    PostgresStore store = open(proxy.through(database), settings);
    opened.add(store);
    return store;
  }

  /** Gives the database behind a network that can be harmed. */
  DatabaseProperties properties(DatabaseProxy proxy) {
    return properties(proxy.through(database));
  }

  private static DatabaseProperties properties(PostgresServer.Database database) {
    return new DatabaseProperties(database.jdbcUrl(), database.user(), database.password());
  }

  static StoreProperties settings(Map<String, String> settings) {
    Map<String, String> values = new HashMap<>(Map.of("sluice.store.connections", "4"));
    settings.forEach((name, value) -> values.put("sluice.store." + name, value));
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("sluice.store", StoreProperties.class);
  }

  private PostgresStore open(PostgresServer.Database database, Map<String, String> settings) {
    return PostgresStore.open(
        properties(database),
        settings(settings),
        clock,
        new TimeTrust(clock, clock),
        new SecureRandom());
  }

  PostgresServer server() {
    return server;
  }

  PostgresServer.Database database() {
    return database;
  }

  @Override
  public void close() {
    opened.forEach(PostgresStore::close);
    server.drop(database);
  }
}
