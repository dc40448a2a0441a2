package dev.sluice.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.DatabaseProxy;
import dev.sluice.fixture.PostgresServer;
import dev.sluice.model.ProcessClock;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A start looks at the database first. */
class PostgresStartTests {

  private static final Duration SOON = Duration.ofSeconds(10);

  private final TestReplicas replicas = new TestReplicas(ProcessClock.system());
  private final PostgresServer server = replicas.server();
  private final String database = replicas.database().name();
  private final DatabaseProxy proxy = DatabaseProxy.to(server);

  @AfterEach
  void close() {
    proxy.heal();
    replicas.close();
    proxy.close();
  }

  @Test
  void refusesADatabaseThatMayLoseWhatWasAcknowledged() {
    server.run("ALTER DATABASE " + database + " SET synchronous_commit = off");
    assertThatExceptionOfType(StoreStartException.class)
        .isThrownBy(() -> replicas.open(Map.of()))
        .withMessageContaining("synchronous_commit is off")
        .withMessageContaining("sluice.store.allow-unsafe-database=true")
        .matches(refused -> refused.getExitCode() == 78);
    try (PostgresStore store = replicas.open(Map.of("allow-unsafe-database", "true"))) {
      store.check();
    }
  }

  @Test
  void refusesAServerThatWritesNoFullPages() {
    server.run("ALTER SYSTEM SET full_page_writes = off");
    try {
      reload("off");
      assertThatThrownBy(() -> replicas.open(Map.of()))
          .isInstanceOf(StoreStartException.class)
          .hasMessageContaining("full_page_writes is off");
    } finally {
      server.run("ALTER SYSTEM RESET full_page_writes");
      reload("on");
    }
    replicas.open(Map.of()).close();
  }

  private void reload(String expected) {
    server.run("SELECT pg_reload_conf()");
    await().until(() -> fullPageWrites().equals(expected));
  }

  private String fullPageWrites() throws SQLException {
    try (Connection connection = replicas.database().connect();
        ResultSet row = connection.createStatement().executeQuery("SHOW full_page_writes")) {
      row.next();
      return row.getString(1);
    }
  }

  @Test
  void waitsForADatabaseThatIsNotThereYet() {
    server.drop(replicas.database());
    CompletableFuture<PostgresStore> opening =
        CompletableFuture.supplyAsync(() -> replicas.open(Map.of("start-wait", "60s")));
    assertThat(opening).isNotDone();
    server.run(
        "CREATE DATABASE "
            + database
            + " OWNER "
            + replicas.database().user()
            + " TEMPLATE template0");
    try (PostgresStore store = opening.join()) {
      store.check();
    }
  }

  private PostgresStart start(Map<String, String> settings) {
    return new PostgresStart(
        new PostgresConnector(replicas.properties(proxy)),
        TestReplicas.settings(settings),
        ProcessClock.system());
  }

  @Test
  void waitsForAConnectionThatItsMigrationsNeed() throws SQLException {
    proxy.refuse();
    DataSource source = start(Map.of()).migrations();
    CompletableFuture<Connection> opening = CompletableFuture.supplyAsync(() -> connection(source));
    await().until(() -> proxy.connectionCount() > 0);
    assertThat(opening).isNotDone();
    proxy.heal();
    assertThat(opening).succeedsWithin(SOON);
    opening.join().close();
  }

  private static Connection connection(DataSource source) {
    try {
      return source.getConnection();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void doesNotWaitForItForEver() {
    proxy.refuse();
    DataSource source = start(Map.of("start-wait", "0s")).migrations();
    assertThatThrownBy(source::getConnection)
        .isInstanceOf(StoreStartException.class)
        .hasMessageContaining(database);
  }

  @Test
  void refusesADatabaseThatDoesNotCome() {
    server.drop(replicas.database());
    assertThatThrownBy(() -> replicas.open(Map.of("start-wait", "0s")))
        .isInstanceOf(StoreStartException.class)
        .hasMessageContaining(database)
        .hasMessageContaining("spring.datasource.url");
  }

  @Test
  void namesADatabaseWithoutItsParameters() {
    DatabaseProperties properties =
        new DatabaseProperties("jdbc:postgresql://db/sluice?password=secret", "u", "p");
    assertThat(properties.toString()).contains("db/sluice").doesNotContain("secret");
  }
}
