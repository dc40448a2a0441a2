package dev.sluice.store.jdbc;

import static dev.sluice.store.StoreFixture.ALPHA;
import static dev.sluice.store.StoreFixture.all;
import static dev.sluice.store.StoreFixture.claimAll;
import static dev.sluice.store.StoreFixture.sealed;
import static dev.sluice.store.StoreFixture.shard;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchRef;
import dev.sluice.store.NewShard;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.StoreException;
import dev.sluice.store.TestClock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is SQLite's own: the file, its directory, its lock and its schema. */
@NullUnmarked
class SqliteStoreTests {

  @TempDir Path directory;
  private final TestClock clock = new TestClock();

  private Path file() {
    return directory.resolve("data/sluice.db");
  }

  /** Holds a data directory in a process of its own until it is killed. */
  static final class Holder {
    public static void main(String[] arguments) throws IOException {
      DirectoryLock lock = DirectoryLock.acquire(Path.of(arguments[0]), new TestClock());
      System.out.println("locked");
      System.out.flush();
      // The input ends with the parent, so that no holder outlives its test.
      while (System.in.read() >= 0) {
        Thread.onSpinWait();
      }
      lock.close();
    }
  }

  @Test
  void aSecondProcessRefusesToStartAndSaysWhoHoldsTheDirectory() throws Exception {
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                file().getParent().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(output.readLine()).isEqualTo("locked");

      assertThatThrownBy(() -> TestStores.open(file(), clock))
          .isInstanceOfSatisfying(
              StoreStartException.class, e -> assertThat(e.getExitCode()).isEqualTo(78))
          .hasMessageContaining("pid " + holder.pid())
          .hasMessageContaining(file().getParent().toString());
    } finally {
      holder.destroyForcibly();
    }
    assertThat(holder.waitFor(10, TimeUnit.SECONDS)).isTrue();
    TestStores.open(file(), clock).close();
  }

  @Test
  void aSecondStoreInOneProcessIsRefusedToo() {
    try (SqliteStore first = TestStores.open(file(), clock)) {
      first.check();
      assertThatThrownBy(() -> TestStores.open(file(), clock))
          .isInstanceOf(StoreStartException.class);
      first.check();
    }
  }

  @Test
  void keepsItsFilesToItself() throws IOException {
    try (SqliteStore store = TestStores.open(file(), clock)) {
      sealed(store.roles().batchWriter(), shard(ALPHA, 0, 1));
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file().getParent())))
          .isEqualTo("rwx------");
      try (var files = Files.list(file().getParent())) {
        List<Path> all = files.toList();
        assertThat(all).hasSizeGreaterThan(2);
        for (Path each : all) {
          assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
              .isEqualTo("rw-------");
        }
      }
    }
  }

  @Test
  void setsWhatMustBeSetBeforeTheFirstMigration() {
    try (SqliteStore store = TestStores.open(file(), clock)) {
      assertThat(pragma(store, "page_size")).isEqualTo("8192");
      assertThat(pragma(store, "auto_vacuum")).isEqualTo("2");
      assertThat(pragma(store, "synchronous")).isEqualTo("2");
      assertThat(pragma(store, "mmap_size")).isEqualTo("0");
      assertThat(pragma(store, "trusted_schema")).isEqualTo("0");
      assertThat(pragma(store, "journal_mode")).isEqualTo("wal");
    }
  }

  private static String pragma(SqliteStore store, String name) {
    return store.groupCommit().write(s -> s.first("PRAGMA " + name, r -> r.getString(1)));
  }

  @Test
  void refusesASchemaNewerThanItself() throws Exception {
    TestStores.open(file(), clock).close();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file());
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          INSERT INTO schema_history (installed_rank, version, description, type, script, checksum,
            installed_by, installed_on, execution_time, success)
          VALUES (99, '99', 'later', 'SQL', 'V99__later.sql', 1, '', '2030-01-01 00:00:00.000', 1, 1)
          """);
    }
    assertThatThrownBy(() -> TestStores.open(file(), clock))
        .isInstanceOf(StoreStartException.class)
        .hasMessageContaining("99")
        .hasMessageContaining("newer");
  }

  @Test
  void refusesAFileThatIsNoDatabase() throws IOException {
    Files.createDirectories(file().getParent());
    Files.write(
        file(),
        "this is not a database, however long it is ".repeat(100).getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> TestStores.open(file(), clock))
        .isInstanceOf(StoreStartException.class)
        .hasMessageContaining(file().toString());
  }

  @Test
  void aDamagedShardHoldsUpNoOther() {
    try (SqliteStore store = TestStores.open(file(), clock)) {
      sealed(store.roles().batchWriter(), shard(ALPHA, 0, 10), shard(ALPHA, 10, 10));
      store
          .groupCommit()
          .write(
              s ->
                  s.update(
                      "DELETE FROM shard_payload WHERE shard_id = (SELECT min(id) FROM shard)"));

      List<ClaimedShard> claimed = claimAll(store.roles().shardQueue(), 100);

      assertThat(claimed).singleElement().satisfies(s -> assertThat(s.firstIndex()).isEqualTo(10));
      assertThat(claimAll(store.roles().shardQueue(), 100)).isEmpty();
      assertThat(store.roles().housekeeping().nextDue()).isEqualTo(clock.instant().plusSeconds(60));
    }
  }

  @Test
  void aClaimThatFailsHalfwayLeavesNothingLeased() {
    try (SqliteStore store = TestStores.open(file(), clock)) {
      sealed(store.roles().batchWriter(), shard(ALPHA, 0, 10));
      change(store, "ALTER TABLE shard_payload RENAME TO elsewhere");
      change(
          store,
          "CREATE TRIGGER held BEFORE UPDATE ON shard WHEN NEW.lease_owner IS NULL BEGIN SELECT RAISE(ABORT, 'held'); END");
      assertThatThrownBy(() -> claimAll(store.roles().shardQueue(), 100))
          .isInstanceOf(StoreException.class);

      change(store, "DROP TRIGGER held");
      change(store, "ALTER TABLE elsewhere RENAME TO shard_payload");
      assertThat(claimAll(store.roles().shardQueue(), 100)).hasSize(1);
    }
  }

  private static void change(SqliteStore store, String statement) {
    store.groupCommit().write(s -> s.update(statement));
  }

  @Test
  void whatWasAcceptedIsInTheLogWhenTheCallReturns() {
    try (SqliteStore store = TestStores.open(file(), clock)) {
      BatchRef batch = sealed(store.roles().batchWriter(), shard(ALPHA, 0, 10));
      Path image = TestStores.image(file(), directory.resolve("image"));
      try (SqliteStore after = TestStores.open(image, clock)) {
        assertThat(after.roles().batchReader().batch("default", batch.publicId())).isPresent();
        assertThat(claimAll(after.roles().shardQueue(), 100)).hasSize(1);
      }
    }
  }

  @Test
  void aBoundedStoreRefusesSubmissionsBeforeOutcomes() {
    StoreProperties bounded = TestStores.properties(file(), "max-size", "16MB");
    try (SqliteStore store = TestStores.open(bounded, clock, _ -> {})) {
      List<ClaimedShard> claimed = new ArrayList<>();
      NewShard[] shards =
          IntStream.range(0, 50)
              .mapToObj(i -> shard(ALPHA, i * 500L, 500))
              .toArray(NewShard[]::new);
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 1_000; i++) {
                  sealed(store.roles().batchWriter(), shards);
                  claimed.addAll(claimAll(store.roles().shardQueue(), 500));
                }
              })
          .isInstanceOfSatisfying(
              StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.FULL))
          .hasMessageContaining("of sluice.store.max-size");

      assertThat(claimed).hasSizeGreaterThan(5);
      for (ClaimedShard shard : claimed.subList(0, 5)) {
        store
            .roles()
            .shardQueue()
            .settle(List.of(all(shard, OutcomeState.FAILED, clock.instant())));
      }
    }
  }

  @Test
  void refusesTheFileOfAnotherProgram() throws Exception {
    Files.createDirectories(file().getParent());
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file());
        Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA application_id = 4711");
      statement.execute("CREATE TABLE theirs (x)");
    }
    assertThatThrownBy(() -> TestStores.open(file(), clock))
        .isInstanceOf(StoreStartException.class)
        .hasMessageContaining("another program");
  }

  @Test
  void aClosedStoreRefusesPolitely() {
    SqliteStore store = TestStores.open(file(), clock);
    store.close();
    assertThatThrownBy(store::check)
        .isInstanceOfSatisfying(
            StoreException.class,
            e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE));
    assertThatThrownBy(() -> store.roles().shardQueue().ready(0, 1))
        .isInstanceOf(StoreException.class);
  }
}
