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

  /**
   * Not a beat: only the thread that may be relied on beats. Nor its row: beats need no sync, and a
   * commit that waits for its own holds what it wrote.
   */
  private static final String CHECK =
      """
      UPDATE store_check SET checked_by = ? WHERE id = 1
      RETURNING (SELECT count(*) FROM replica r WHERE r.id = checked_by)
      """;

  private final PostgresPool pool;
  private final Owner owner;
  private final StoreParts parts;
  private final StoreRoles roles;
  private final Membership membership;
  private final Peers peers;
  private final Doorbell doorbell;

  private PostgresStore(
      PostgresConnector connector,
      PostgresPool pool,
      Owner owner,
      Membership membership,
      StoreParts parts,
      PublicIds ids) {
    this.pool = pool;
    this.owner = owner;
    this.membership = membership;
    this.parts = parts;
    this.roles = StoreRoles.of(parts, ids);
    this.peers = new Peers(parts, membership::beatAt);
    this.doorbell = new Doorbell(connector, parts.readiness(), parts.clock());
  }

  /**
   * Opens the store as a new replica; it is heard by its peers once it is {@link #start started}.
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
    PostgresConnector connector = new PostgresConnector(database);
    PostgresStart start = new PostgresStart(connector, properties, clock);
    start.require();
    Owner owner = new Owner();
    PostgresPool pool = new PostgresPool(connector, properties, owner, clock);
    try {
      SqliteFile.migrate(start.migrations(), MIGRATIONS, "database");
      Membership membership = new Membership(connector, pool, owner, clock);
      StoreParts parts =
          StoreParts.of(
              properties,
              clock,
              time,
              Units.of(
                  patience -> new PostgresWriter(pool, patience),
                  patience -> new PostgresReader(pool, patience)),
              membership);
      membership.join();
      try (PostgresUnit unit = pool.begin()) {
        SeenTime.startedAfter(unit.session(), time, clock);
      }
      log.atInfo()
          .addKeyValue("url", connector.name())
          .addKeyValue("replica", owner.id())
          .addKeyValue("slot", owner.slot())
          .log("Store opened.");
      return new PostgresStore(
          connector, pool, owner, membership, parts, new PublicIds(clock, random));
    } catch (SQLException | FlywayException e) {
      pool.close();
      throw new StoreStartException(
          "The database %s cannot be used: %s".formatted(connector.name(), e.getMessage()), e);
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  /** Beats, watches the other replicas, and tells and hears them. */
  PostgresStore start() {
    pool.start();
    membership.start();
    peers.start();
    doorbell.start();
    return this;
  }

  /** Takes what a replica held, which is gone for good. */
  void takeOver(long dead) {
    parts
        .writer()
        .write(
            session -> {
              Replicas.retire(session, dead);
              return Boolean.TRUE;
            });
    boolean _ = peers.takeOver();
  }

  long replica() {
    return owner.id();
  }

  int slot() {
    return owner.slot();
  }

  Membership membership() {
    return membership;
  }

  StoreReader reader(Patience patience) {
    return parts.readers(patience);
  }

  Peers peers() {
    return peers;
  }

  @Override
  public StoreRoles roles() {
    return roles;
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void check() {
    long known =
        parts
            .writer(Patience.SHORT)
            .write(session -> session.number(CHECK, owner.id()).orElse(0), CHECK_TIMEOUT);
    if (known < 1) {
      throw new StoreException(
          StoreException.Kind.UNAVAILABLE, "The store does not know this replica any more");
    }
  }

  /** The replica goes: what it did not give back is free for its peers at once. */
  @Override
  public void close() {
    doorbell.close();
    peers.close();
    membership.close();
    pool.close();
    log.atInfo().addKeyValue("replica", owner.id()).log("Store closed.");
  }
}
