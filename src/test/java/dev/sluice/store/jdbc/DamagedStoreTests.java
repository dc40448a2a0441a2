package dev.sluice.store.jdbc;

import static dev.sluice.store.StoreFixture.ALPHA;
import static dev.sluice.store.StoreFixture.BETA;
import static dev.sluice.store.StoreFixture.all;
import static dev.sluice.store.StoreFixture.claimAll;
import static dev.sluice.store.StoreFixture.item;
import static dev.sluice.store.StoreFixture.sealed;
import static dev.sluice.store.StoreFixture.shard;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.Delivery;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.RetryOptions;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.StoreException;
import dev.sluice.store.TestClock;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files that were cut off, lost or changed behind the store's back. How many places are tried is
 * {@code -Dsluice.damage.places}, the seed {@code -Dsluice.damage.seed}.
 */
@NullUnmarked
class DamagedStoreTests {

  private static final int PLACES = Integer.getInteger("sluice.damage.places", 4);
  private static final long SEED = Long.getLong("sluice.damage.seed", 1);
  private static final int PAGE = 8192;
  private static final int LOG_HEADER = 32;
  private static final int FRAME = 24 + PAGE;

  /** A store whose last process was killed, and one whose last process ended in order. */
  @TempDir static Path images;

  private static Path killed;
  private static Path ended;
  private static final List<BatchRef> accepted = new ArrayList<>();

  @TempDir Path directory;
  private final TestClock clock = new TestClock();
  private final SplittableRandom random = new SplittableRandom(SEED);

  @BeforeAll
  static void makeImages() {
    TestClock clock = new TestClock();
    Path file = images.resolve("data/sluice.db");
    accepted.clear();
    try (SqliteStore store = TestStores.open(file, clock)) {
      for (int i = 0; i < 20; i++) {
        accepted.add(
            sealed(store.roles().batchWriter(), shard(ALPHA, 0, 200), shard(BETA, 200, 200)));
      }
      // The second half of each was sent and settled.
      for (ClaimedShard shard : claimAll(store.roles().shardQueue(), 100_000)) {
        if (shard.destination().equals(BETA)) {
          store
              .roles()
              .shardQueue()
              .settle(List.of(all(shard, OutcomeState.SUCCEEDED, clock.instant())));
        }
      }
      killed = TestStores.image(file, images.resolve("killed"));
    }
    ended = TestStores.image(file, images.resolve("ended"));
  }

  private Path copyOf(Path image, int number) {
    return TestStores.image(image, directory.resolve("copy-" + number));
  }

  private static Path log(Path file) {
    return CommitLog.pathBeside(file);
  }

  private void refuses(Path file, Path named) {
    assertThatThrownBy(() -> TestStores.open(file, clock).close())
        .isInstanceOfSatisfying(
            StoreStartException.class, e -> assertThat(e.getExitCode()).isEqualTo(78))
        .hasMessageContaining(named.toString())
        .hasMessageContaining("from a backup");
  }

  private static void flip(Path file, long position, int bit) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(position);
      int before = bytes.read();
      bytes.seek(position);
      bytes.write(before ^ (1 << bit));
    }
  }

  private static void cut(Path file, long length) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.setLength(length);
    }
  }

  private enum Found {
    REFUSED,
    WHEN_READ,
    NOT_AND_HARMLESS,
    NOT_AND_SOMETHING_DIFFERS
  }

  /** Opens a damaged store and reads everything that was accepted. */
  private Found open(Path file) {
    try (SqliteStore store = TestStores.open(file, clock)) {
      return read(store);
    } catch (StoreStartException e) {
      assertThat(e).hasMessageContaining(file.toString()).hasMessageContaining("from a backup");
      return Found.REFUSED;
    }
  }

  private static Found read(SqliteStore store) {
    try {
      Map<Long, Integer> sendable = new TreeMap<>();
      boolean same = true;
      for (ClaimedShard shard : claimAll(store.roles().shardQueue(), 100_000)) {
        ShardDecoder items = shard.items();
        for (int i = 0; i < items.itemCount(); i++) {
          same &= items.item(i).equals(item(shard.firstIndex() + i));
        }
        sendable.merge(shard.lease().batchId(), items.itemCount(), Integer::sum);
      }
      for (BatchRef batch : accepted) {
        // A claim leaves out what cannot be read; whoever asks for the items is told.
        store.roles().batchReader().items(batch, ItemFilter.ALL, 0, 1000);
        BatchRecord record =
            store.roles().batchReader().batch("default", batch.publicId()).orElse(null);
        same &=
            record != null
                && record.counts().total() == 400
                && sendable.getOrDefault(batch.id(), 0) == 200
                && store
                        .roles()
                        .batchReader()
                        .results(batch, ItemFilter.ALL, 0, 1000, false)
                        .results()
                        .size()
                    == 200;
      }
      return same ? Found.NOT_AND_HARMLESS : Found.NOT_AND_SOMETHING_DIFFERS;
    } catch (StoreException e) {
      assertThat(e.kind()).isEqualTo(StoreException.Kind.CORRUPT);
      return Found.WHEN_READ;
    }
  }

  @Test
  void opensWhatAKillLeft() {
    assertThat(open(copyOf(killed, 0))).isEqualTo(Found.NOT_AND_HARMLESS);
    assertThat(open(copyOf(ended, 1))).isEqualTo(Found.NOT_AND_HARMLESS);
  }

  @Test
  void anOrderlyEndLeavesOneFile() {
    assertThat(ended).exists();
    assertThat(log(ended)).doesNotExist();
    assertThat(LogMark.pathBeside(ended)).doesNotExist();
    assertThat(LogMark.pathBeside(killed)).exists();
  }

  @Test
  void aStartThatWasRefusedLeavesTheNextOneEverything() {
    Path file = directory.resolve("data/sluice.db");
    Path image;
    try (SqliteStore store = TestStores.open(file, clock)) {
      sealed(store.roles().batchWriter(), shard(ALPHA, 0, 200));
      store
          .groupCommit()
          .write(
              session ->
                  session.update(
                      """
                      INSERT INTO schema_history (installed_rank, version, description, type, script,
                        checksum, installed_by, installed_on, execution_time, success)
                      VALUES (99, '99', 'later', 'SQL', 'V99__later.sql', 1, '',
                        '2030-01-01 00:00:00.000', 1, 1)
                      """));
      image = copyOf(file, 0);
    }
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> TestStores.open(image, clock))
          .isInstanceOf(StoreStartException.class)
          .hasMessageContaining("newer");
    }
  }

  @Test
  void refusesDamageOfWhatMayHaveBeenSentAndMustNotGoTwice() {
    BatchOptions atMostOnce =
        BatchOptions.DEFAULT
            .change()
            .delivery(Delivery.AT_MOST_ONCE)
            .retry(RetryOptions.defaultFor(Delivery.AT_MOST_ONCE))
            .build();
    Path file = directory.resolve("data/sluice.db");
    for (String damage :
        List.of(
            "UPDATE shard_payload SET payload = zeroblob(length(payload))",
            "DELETE FROM shard_payload")) {
      Path image;
      try (SqliteStore store = TestStores.open(file, clock)) {
        sealed(store.roles().batchWriter(), atMostOnce, shard(ALPHA, 0, 200));
        // What the first damage left cannot be read, so it is not among them.
        ClaimedShard claimed = claimAll(store.roles().shardQueue(), 400).getLast();
        store.roles().shardQueue().intend(List.of(new Intent(claimed.lease(), 1, 0, 9)));
        store.groupCommit().write(session -> session.update(damage));
        image = copyOf(file, damage.length());
        store.roles().shardQueue().giveBack(List.of(new GivenBack(claimed.lease(), null)));
      }
      refuses(image, image);
      refuses(image, image);
    }
  }

  private static int frames() throws IOException {
    return LogMark.read(killed).frameCount();
  }

  @Test
  void handsOutWhatIsBesideAShardThatCannotBeRead() {
    try (SqliteStore store = TestStores.open(directory.resolve("data/sluice.db"), clock)) {
      BatchRef batch =
          sealed(
              store.roles().batchWriter(),
              shard(ALPHA, 0, 200),
              shard(ALPHA, 200, 200),
              shard(BETA, 400, 200));
      String damage =
          """
          UPDATE shard_payload SET payload = zeroblob(length(payload))
          WHERE shard_id = (SELECT id FROM shard WHERE batch_id = ? AND first_index = 200)
          """;
      assertThat((int) store.groupCommit().write(session -> session.update(damage, batch.id())))
          .isOne();

      assertThat(claimAll(store.roles().shardQueue(), 1000))
          .extracting(ClaimedShard::firstIndex)
          .containsExactlyInAnyOrder(0L, 400L);
      assertThat(claimAll(store.roles().shardQueue(), 1000)).as("at once again").isEmpty();
    }
  }

  @Test
  void refusesALogThatWasCutOff() throws IOException {
    Path file = copyOf(killed, 0);
    assertThat(frames()).isGreaterThan(20);
    long length = LOG_HEADER + (long) frames() * FRAME;
    cut(log(file), length);
    LogCheck.require(file);
    cut(log(file), length - 1);
    refuses(file, log(file));
    for (int i = 0; i < PLACES; i++) {
      length = random.nextLong(length);
      cut(log(file), length);
      assertThatThrownBy(() -> LogCheck.require(file)).isInstanceOf(StoreStartException.class);
    }
    cut(log(file), 0);
    refuses(file, log(file));
  }

  @Test
  void refusesALogOfWhichAnyBitWasFlipped() throws IOException {
    Path file = copyOf(killed, 0);
    long length = LOG_HEADER + (long) frames() * FRAME;
    for (int i = 0; i < 50 * PLACES; i++) {
      long position = i < LOG_HEADER ? i : random.nextLong(length);
      int bit = random.nextInt(8);
      flip(log(file), position, bit);
      assertThatThrownBy(() -> LogCheck.require(file))
          .as("bit %d of byte %d", bit, position)
          .isInstanceOf(StoreStartException.class);
      flip(log(file), position, bit);
    }
    LogCheck.require(file);
  }

  @Test
  void refusesWithoutTheLogUntilSomebodySaysSo() throws IOException {
    Path file = copyOf(killed, 0);
    Files.delete(log(file));
    refuses(file, log(file));
    Files.delete(LogMark.pathBeside(file));
    assertThat(open(file)).isEqualTo(Found.NOT_AND_SOMETHING_DIFFERS);
  }

  @Test
  void refusesALogWithoutTheFile() throws IOException {
    Path file = copyOf(killed, 0);
    cut(file, 0);
    refuses(file, file);
    Files.delete(file);
    refuses(file, file);
  }

  @Test
  void refusesAFileThatWasCutOff() throws IOException {
    Path file = copyOf(ended, 0);
    long length = Files.size(file);
    for (int i = 0; i < 4; i++) {
      length = length - 1 - random.nextLong(length / 2);
      cut(file, length);
      refuses(file, file);
    }
  }

  @Test
  void findsEveryPageThatWasZeroed() throws Exception {
    int pages = (int) (Files.size(ended) / PAGE);
    Map<Found, Integer> found = new EnumMap<>(Found.class);
    for (int i = 0; i < PLACES; i++) {
      Path file = copyOf(ended, i);
      int page = i == 0 ? 1 : random.nextInt(1, pages + 1);
      try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
        bytes.seek((page - 1L) * PAGE);
        bytes.write(new byte[PAGE]);
      }
      Found how = open(file);
      assertThat(how).as("page %d", page).isNotEqualTo(Found.NOT_AND_SOMETHING_DIFFERS);
      found.merge(how, 1, Integer::sum);
    }
    System.out.println("DamagedStoreTests: zeroed pages " + found);
  }

  @Test
  void findsEveryBitThatWasFlippedInPayloadsAndHeader() throws Exception {
    List<Integer> payloads = pages("name = 'shard_payload'");
    assertThat(payloads).hasSizeGreaterThan(10);
    Map<Found, Integer> found = new EnumMap<>(Found.class);
    for (int i = 0; i < 2 * PLACES; i++) {
      Path file = copyOf(ended, i);
      long position =
          i % 2 == 0
              ? random.nextLong(100)
              : (payloads.get(random.nextInt(payloads.size())) - 1L) * PAGE + random.nextLong(PAGE);
      int bit = random.nextInt(8);
      flip(file, position, bit);
      Found how = open(file);
      assertThat(how)
          .as("bit %d of byte %d", bit, position)
          .isNotEqualTo(Found.NOT_AND_SOMETHING_DIFFERS);
      found.merge(how, 1, Integer::sum);
    }
    System.out.println("DamagedStoreTests: bits of payloads and header " + found);
  }

  @Test
  void survivesBitsThatWereFlippedInRows() throws Exception {
    List<Integer> others = pages("name <> 'shard_payload'");
    Map<Found, Integer> found = new EnumMap<>(Found.class);
    for (int i = 0; i < PLACES; i++) {
      Path file = copyOf(ended, i);
      int page = others.get(random.nextInt(others.size()));
      flip(file, (page - 1L) * PAGE + random.nextLong(PAGE), random.nextInt(8));
      // A value inside of a row has no checksum; whatever comes of it is one of these.
      found.merge(open(file), 1, Integer::sum);
    }
    System.out.println("DamagedStoreTests: bits of rows " + found);
  }

  private static List<Integer> pages(String which) throws SQLException {
    List<Integer> pages = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + ended);
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT pageno FROM dbstat WHERE pageno > 1 AND " + which)) {
      while (rows.next()) {
        pages.add(rows.getInt(1));
      }
    }
    return pages;
  }

  @Test
  void damageMetWhileRunningStopsTheWriterAndTheNextStart() throws Exception {
    Path file = copyOf(ended, 0);
    int page = rootOf("outcome", file);
    List<StoreException> stops = new ArrayList<>();
    StoreProperties unchecked = TestStores.properties(file, "check-at-start", "0s");
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek((page - 1L) * PAGE);
      bytes.write(new byte[PAGE]);
    }
    try (SqliteStore store = TestStores.open(unchecked, clock, stops::add)) {
      assertThatThrownBy(
              () ->
                  store
                      .roles()
                      .batchReader()
                      .results(accepted.getFirst(), ItemFilter.ALL, 0, 10, false))
          .isInstanceOf(StoreException.class);
      assertThat(stops).hasSize(1);
      assertThat(stops.getFirst().kind()).isEqualTo(StoreException.Kind.CORRUPT);
      assertThatThrownBy(store::check).isInstanceOf(StoreException.class);
      assertThat(stops).hasSize(1);
    }
    assertThat(DamageMark.pathBeside(file)).exists();
    assertThatThrownBy(() -> TestStores.open(unchecked, clock, stops::add))
        .isInstanceOf(StoreStartException.class)
        .hasMessageContaining("is damaged")
        .hasMessageContaining(file.toString());

    Files.copy(ended, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(log(file));
    Files.deleteIfExists(LogMark.pathBeside(file));
    assertThat(open(file)).isEqualTo(Found.NOT_AND_HARMLESS);
    assertThat(DamageMark.pathBeside(file)).doesNotExist();
  }

  private static int rootOf(String table, Path file) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'")) {
      row.next();
      return row.getInt(1);
    }
  }

  @Test
  void aCheckThatRanOutOfTimeDoesNotStopTheStart() {
    Path file = copyOf(ended, 0);
    StoreProperties hurried = TestStores.properties(file, "check-at-start", "1ns");
    try (SqliteStore store = TestStores.open(hurried, clock, _ -> {})) {
      store.check();
    }
  }
}
