package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.StoreException;
import dev.sluice.store.TimeTrust;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The store that replicas share: one PostgreSQL, any number of processes. */
final class PostgresStore implements JdbcStore {

  private static final Logger log = LoggerFactory.getLogger(PostgresStore.class);
  private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(1);
  private static final String MIGRATIONS = "classpath:db/migration/postgres";

  /** Held while a replica takes its slot; any number that nobody else uses in this database. */
  private static final String ONE_AT_A_TIME =
      """
      SELECT pg_advisory_xact_lock(7306086814)
      """;

  private static final String CHECK =
      """
      UPDATE replica SET beat = beat + 1 WHERE id = ? RETURNING beat
      """;

  private final PostgresPool pool;
  private final Owner owner;
  private final StoreParts parts;
  private final StoreRoles roles;

  private PostgresStore(PostgresPool pool, Owner owner, StoreParts parts, PublicIds ids) {
    this.pool = pool;
    this.owner = owner;
    this.parts = parts;
    this.roles = StoreRoles.of(parts, ids);
  }

  /**
   * Opens the store.
   *
   * @param time told when the store was last in use
   * @throws StoreStartException when a person must act first
   */
  static PostgresStore open(
      DatabaseProperties database,
      StoreProperties properties,
      ProcessClock clock,
      TimeTrust time,
      SecureRandom random) {
    Owner owner = new Owner();
    PostgresPool pool = new PostgresPool(database, properties, owner);
    try {
      SqliteFile.migrate(pool.source(), MIGRATIONS, "database");
      StoreParts parts =
          StoreParts.of(
              properties, clock, time, new PostgresWriter(pool), new PostgresReader(pool), true);
      try (Session session = pool.session()) {
        register(session, clock);
        SeenTime.startedAfter(session, time, clock);
      }
      log.atInfo()
          .addKeyValue("url", database.url())
          .addKeyValue("replica", owner.id())
          .addKeyValue("slot", owner.slot())
          .log("Store opened.");
      return new PostgresStore(pool, owner, parts, new PublicIds(clock, random));
    } catch (SQLException | FlywayException e) {
      pool.close();
      throw new StoreStartException(
          "The database %s cannot be used: %s".formatted(database.url(), e.getMessage()), e);
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  private static void register(Session session, ProcessClock clock) throws SQLException {
    session.list(ONE_AT_A_TIME, _ -> Boolean.TRUE);
    Replicas.register(session, clock.instant().toEpochMilli());
    session.connection().commit();
  }

  /** Takes what a replica held, which is gone for good. */
  void takeOver(long dead) {
    Takeover takeover = new Takeover(parts.terms(), parts.gates(), parts.flows());
    long now = parts.clock().instant().toEpochMilli();
    Takeover.Taken taken =
        parts
            .writer()
            .write(
                session -> {
                  Replicas.retire(session, dead);
                  return takeover.run(session, now);
                });
    log.atWarn()
        .addKeyValue("replica", dead)
        .addKeyValue("recoveredShards", taken.shardCount())
        .addKeyValue("inDoubtItems", taken.inDoubtCount())
        .addKeyValue("poisonItems", taken.poisonCount())
        .log("A replica is gone; what it held was taken over.");
  }

  long replica() {
    return owner.id();
  }

  @Override
  public StoreRoles roles() {
    return roles;
  }

  @Override
  public void check() {
    long beat =
        parts.writer().write(session -> session.number(CHECK, owner.id()).orElse(0), CHECK_TIMEOUT);
    if (beat < 1) {
      throw new StoreException(
          StoreException.Kind.UNAVAILABLE, "The store does not know this replica any more");
    }
  }

  @Override
  public void close() {
    pool.close();
    log.atInfo().addKeyValue("replica", owner.id()).log("Store closed.");
  }
}
