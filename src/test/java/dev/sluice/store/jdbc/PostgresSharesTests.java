package dev.sluice.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fixture.PostgresServer;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.LimitKey;
import dev.sluice.store.LimitKey.Kind;
import dev.sluice.store.LimitShares;
import dev.sluice.store.LimitShares.Demand;
import dev.sluice.store.LimitShares.Share;
import dev.sluice.store.StoreException;
import dev.sluice.store.TimeTrust;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Shares of limits in a real PostgreSQL that several replicas use. */
class PostgresSharesTests {

  private static final LimitKey RATE = new LimitKey(Kind.DESTINATION_RATE, "7");
  private static final LimitKey TENANT = new LimitKey(Kind.TENANT_RATE, "a tenant's \"name\"");

  private final PostgresServer server = PostgresServer.shared();
  private final PostgresServer.Database database = server.newDatabase();
  private final List<PostgresStore> stores = new ArrayList<>();

  private LimitShares replica() {
    StoreProperties properties =
        new Binder(new MapConfigurationPropertySource(Map.of("sluice.store.connections", "4")))
            .bindOrCreate("sluice.store", StoreProperties.class);
    ProcessClock clock = ProcessClock.system();
    PostgresStore store =
        PostgresStore.open(
            new DatabaseProperties(database.jdbcUrl(), database.user(), database.password()),
            properties,
            clock,
            new TimeTrust(clock, clock),
            new SecureRandom());
    stores.add(store);
    return store.roles().limitShares();
  }

  @AfterEach
  void close() {
    stores.forEach(PostgresStore::close);
    server.drop(database);
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(database.jdbcUrl(), database.user(), database.password());
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private double number(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      assertThat(result.next()).isTrue();
      return result.getDouble(1);
    }
  }

  private static double rate(LimitShares replica, double wanted, double held) {
    return replica.renew(List.of(new Demand(RATE, 300, wanted, held))).getFirst().amount();
  }

  @Test
  void replicasSplitALimit() {
    LimitShares one = replica();
    LimitShares two = replica();
    assertThat(rate(one, 300, 0)).isEqualTo(300);
    assertThat(rate(two, 300, 0)).isZero();
    assertThat(rate(one, 300, 300)).isEqualTo(150);
    assertThat(rate(one, 300, 150)).isEqualTo(150);
    assertThat(rate(two, 300, 0)).isEqualTo(150);
  }

  @Test
  void aReplicaThatIsGoneLosesItsShareByTheDatabasesClock() throws SQLException {
    LimitShares one = replica();
    LimitShares two = replica();
    assertThat(rate(one, 300, 0)).isEqualTo(300);
    assertThat(rate(two, 300, 0)).isZero();
    execute("UPDATE limit_holder SET valid_until = valid_until - 2000");
    assertThat(rate(two, 300, 0)).isEqualTo(300);
    assertThat(rate(one, 300, 300)).isZero();
  }

  @Test
  void aClockThatIsPutBackKeepsNobodysShareAlive() throws SQLException {
    LimitShares one = replica();
    assertThat(rate(one, 300, 0)).isEqualTo(300);
    execute("UPDATE limit_holder SET valid_until = valid_until + 3600000");
    assertThat(rate(replica(), 300, 0)).isZero();
    assertThat(
            number(
                """
                SELECT max(valid_until) - extract(epoch FROM clock_timestamp()) * 1000 FROM limit_holder
                """))
        .isLessThanOrEqualTo(2000);
  }

  @Test
  void whatIsGivenBackIsForOthersAtOnce() {
    LimitShares one = replica();
    assertThat(rate(one, 300, 0)).isEqualTo(300);
    assertThat(one.renew(List.of())).isEmpty();
    assertThat(rate(replica(), 300, 0)).isEqualTo(300);
  }

  @Test
  void aKeyThatIsTakenUpAgainIsKnownAsOthersChangedItMeanwhile() {
    LimitShares one = replica();
    LimitShares two = replica();
    Demand other = new Demand(TENANT, 10, 10, 0);
    assertThat(rate(one, 300, 0)).isEqualTo(300);
    assertThat(one.renew(List.of(other)).getFirst().amount()).isEqualTo(10);
    assertThat(rate(two, 300, 0)).isEqualTo(300);
    assertThat(two.renew(List.of(other)).getFirst().amount()).isZero();
    Share none = one.renew(List.of(new Demand(RATE, 300, 300, 0))).getFirst();
    // The second has just given it up.
    assertThat(none.amount()).isEqualTo(300);
    assertThat(none.quiet()).isLessThan(Duration.ofMinutes(1));
  }

  @Test
  void whatDoesNotChangeIsNotWritten() throws SQLException {
    LimitShares one = replica();
    assertThat(rate(one, 300, 0)).isEqualTo(300);
    String written = "SELECT sum(version) FROM limit_share";
    double before = number(written);
    for (int i = 0; i < 10; i++) {
      assertThat(rate(one, 300, 300)).isEqualTo(300);
    }
    assertThat(number(written)).isEqualTo(before);
  }

  @Test
  void aRenewalThatFailedIsForgotten() throws SQLException {
    LimitShares one = replica();
    assertThat(rate(one, 300, 0)).isEqualTo(300);
    execute("ALTER TABLE limit_share RENAME TO away");
    assertThatThrownBy(() -> rate(one, 10, 300)).isInstanceOf(StoreException.class);
    execute("ALTER TABLE away RENAME TO limit_share");
    assertThat(rate(one, 10, 300)).isEqualTo(300);
    assertThat(number("SELECT wanted FROM limit_share")).isEqualTo(10);
  }

  @Test
  void aReplicaThatStopsInTheMiddleOfARenewalDoesNotStopOthers() throws SQLException {
    LimitShares one = replica();
    try (Connection stopped = connect();
        Statement statement = stopped.createStatement()) {
      stopped.setAutoCommit(false);
      statement.execute("SET LOCAL idle_in_transaction_session_timeout = 1000");
      statement.execute("UPDATE limit_version SET version = version + 1");
      long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      double share = 0;
      while (share == 0 && System.nanoTime() - giveUp < 0) {
        try {
          share = rate(one, 300, 0);
        } catch (StoreException e) {
          assertThat(e.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE);
        }
      }
      assertThat(share).isEqualTo(300);
    }
  }

  private static final class InUse {
    private double sum;
    private double most;

    synchronized void add(double more) {
      sum += more;
      most = Math.max(most, sum);
    }

    synchronized double most() {
      return most;
    }
  }

  @Test
  void nobodyEverGoesByWhatAnotherGoesBy() throws Exception {
    int replicas = 3;
    double limit = 100;
    InUse inUse = new InUse();
    try (ExecutorService pool = Executors.newFixedThreadPool(replicas)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < replicas; i++) {
        int number = i;
        LimitShares store = replica();
        running.add(
            pool.submit(
                () -> {
                  Random random = new Random(number);
                  double held = 0;
                  for (int round = 0; round < 300; round++) {
                    double wanted = random.nextInt(4) * 40.0;
                    Demand demand = new Demand(TENANT, limit, wanted, held);
                    double share = store.renew(List.of(demand)).getFirst().amount();
                    inUse.add(share - held);
                    held = share;
                  }
                  inUse.add(-held);
                  return null;
                }));
      }
      for (Future<?> one : running) {
        one.get(2, TimeUnit.MINUTES);
      }
    }
    assertThat(inUse.most()).isBetween(limit - 1e-6, limit + 1e-6);
  }
}
