package dev.sluice.chaos;

import dev.sluice.fixture.PostgresServer.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Sees in the database what replicas do not tell: which of them is which, who wrote for a shard
 * that another held, and how long what a dead one held stays held. Triggers note the first two; a
 * thread looks for the third.
 */
final class DatabaseWatch implements AutoCloseable {

  private static final Duration LOOK = Duration.ofMillis(25);

  /** What never ends is not looked at for ever. */
  private static final Duration BEYOND = Duration.ofSeconds(10);

  /** Connections carry the name of their replica. */
  private static final List<String> NOTES =
      List.of(
          """
          CREATE SCHEMA lab
          """,
          """
          CREATE TABLE lab.member (
            id        BIGINT PRIMARY KEY,
            name      TEXT NOT NULL,
            joined_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp())
          """,
          """
          CREATE TABLE lab.stale (what TEXT NOT NULL, name TEXT NOT NULL, shard_id BIGINT NOT NULL)
          """,
          """
          CREATE FUNCTION lab.joined() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            INSERT INTO lab.member (id, name) VALUES (NEW.id, current_setting('application_name'));
            RETURN NULL;
          END $$
          """,
          """
          CREATE TRIGGER lab_joined AFTER INSERT ON replica
          FOR EACH ROW EXECUTE FUNCTION lab.joined()
          """,
          """
          CREATE FUNCTION lab.written() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            INSERT INTO lab.stale (what, name, shard_id)
            SELECT TG_TABLE_NAME, current_setting('application_name'), s.id
            FROM fresh f
              JOIN public.shard s ON s.id = f.shard_id AND s.state = 2
              JOIN lab.member m ON m.id = s.lease_owner
            WHERE m.name <> current_setting('application_name');
            RETURN NULL;
          END $$
          """,
          """
          CREATE TRIGGER lab_written AFTER INSERT ON outcome_run
          REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION lab.written()
          """,
          """
          CREATE TRIGGER lab_written AFTER INSERT ON intent
          REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION lab.written()
          """);

  private static final String FIRST =
      """
      INSERT INTO lab.member (id, name) SELECT id, ? FROM replica WHERE state = 0
      """;

  private static final String MEMBER =
      """
      SELECT id, joined_at FROM lab.member WHERE name = ? ORDER BY id DESC LIMIT 1
      """;

  private static final String HELD =
      """
      SELECT count(*) FROM shard WHERE state = 2 AND lease_owner = ?
      """;

  private static final String HELD_OF =
      """
      SELECT count(*) FROM shard s JOIN batch b ON b.id = s.batch_id
      WHERE s.state = 2 AND s.lease_owner = ? AND b.public_id = ?
      """;

  private static final String LIVES =
      """
      SELECT count(*) FROM replica WHERE id = ? AND state = 0
      """;

  private static final String OUTCOMES =
      """
      SELECT coalesce(sum(item_count), 0) FROM outcome_run
      """;

  private static final String STALE =
      """
      SELECT coalesce(
        string_agg(DISTINCT what || ' of ' || name || ' for shard ' || shard_id, E'\\n'), '')
      FROM lab.stale
      """;

  private final Database database;
  private final Story story;
  private final Takeovers takeovers;
  private final Queue<Going> goings = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private volatile boolean stopped;

  /** Used by one thread at a time; made anew when the database was away. */
  private @Nullable Connection kept;

  /**
   * A replica as its peers know it.
   *
   * @param id of its row
   */
  record Member(long id, Instant joinedAt) {}

  /** One that goes, until it holds nothing any more. */
  final class Going {
    private final String name;
    private final long id;
    private final boolean silent;
    private final Duration limit;
    private final long beganAt = System.nanoTime();
    private volatile boolean over;

    private Going(String name, long id, boolean silent, Duration limit) {
      this.name = name;
      this.id = id;
      this.silent = silent;
      this.limit = limit;
    }

    /** Waits until it is over, in one way or the other. */
    void await() {
      while (!over && !stopped) {
        LockSupport.parkNanos(LOOK.toNanos());
      }
    }

    private void look() throws SQLException {
      Duration passed = Duration.ofNanos(System.nanoTime() - beganAt);
      if (number(HELD, id) == 0 && (!silent || number(LIVES, id) == 0)) {
        (silent ? takeovers.afterSilence() : takeovers.afterGoodbye()).add(passed);
        if (passed.compareTo(limit) > 0) {
          story.fault("What " + name + " held was taken over after " + passed);
        }
        over = true;
      } else if (passed.compareTo(limit.plus(BEYOND)) > 0) {
        story.fault("What " + name + " held is not taken over after " + passed);
        over = true;
      }
    }
  }

  DatabaseWatch(Database database, Story story, Takeovers takeovers) {
    this.database = database;
    this.story = story;
    this.takeovers = takeovers;
    this.thread = Thread.ofPlatform().name("chaos-watch").daemon(true).unstarted(this::run);
  }

  /**
   * Begins to take notes.
   *
   * @param first the name of the only replica that there is so far
   */
  void start(String first) {
    try {
      for (String note : NOTES) {
        try (Statement statement = connection().createStatement()) {
          statement.execute(note);
        }
      }
      try (PreparedStatement statement = connection().prepareStatement(FIRST)) {
        statement.setString(1, first);
        statement.executeUpdate();
      }
    } catch (SQLException failure) {
      throw new IllegalStateException("The database takes no notes", failure);
    }
    thread.start();
  }

  private void run() {
    while (!stopped) {
      LockSupport.parkNanos(LOOK.toNanos());
      for (Going going : goings) {
        look(going);
      }
    }
  }

  private void look(Going going) {
    try {
      going.look();
      if (going.over) {
        goings.remove(going);
      }
    } catch (SQLException away) {
      hangUp();
    }
  }

  /** Says that a replica is silent from now on; its peers are to notice within a limit. */
  Going silent(Replica replica, Duration limit) {
    return going(replica, true, limit);
  }

  /** Says that a replica is told to end; it is to give back what it holds within a limit. */
  Going leaving(Replica replica, Duration limit) {
    return going(replica, false, limit);
  }

  private Going going(Replica replica, boolean silent, Duration limit) {
    Going going = new Going(replica.name(), member(replica).id(), silent, limit);
    goings.add(going);
    return going;
  }

  /** Waits until nobody goes. */
  void awaitAll() {
    goings.forEach(Going::await);
  }

  /** Gives as what a replica joined last. */
  Member member(Replica replica) {
    return ask(
        MEMBER, row -> new Member(row.getLong(1), row.getTimestamp(2).toInstant()), replica.name());
  }

  /** Waits until a replica is another one than before, and gives what it is. */
  Member awaitAnother(Replica replica, Member before, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      Member now = member(replica);
      if (now.id != before.id) {
        return now;
      }
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            replica.name() + " did not go on as another within " + limit);
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  /** Waits until a replica holds something of a batch. */
  void awaitHolds(Replica replica, String batchId, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (ask(HELD_OF, row -> row.getLong(1), member(replica).id, batchId) == 0) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            replica.name() + " got nothing of " + batchId + " within " + limit);
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  /** Gives how many outcomes are stored. */
  long outcomeCount() {
    return ask(OUTCOMES, row -> row.getLong(1));
  }

  /** Gives what was written for shards that another held, by whom. */
  List<String> staleWrites() {
    String all = ask(STALE, row -> row.getString(1));
    return all.lines().toList();
  }

  private interface Reading<T> {
    T of(ResultSet row) throws SQLException;
  }

  private <T> T ask(String query, Reading<T> reading, Object... parameters) {
    try (Connection connection = database.connect();
        PreparedStatement statement = connection.prepareStatement(query)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException("Nothing comes of " + query);
        }
        return reading.of(row);
      }
    } catch (SQLException failure) {
      throw new IllegalStateException(query + " failed", failure);
    }
  }

  private long number(String query, long parameter) throws SQLException {
    try (PreparedStatement statement = connection().prepareStatement(query)) {
      statement.setLong(1, parameter);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private Connection connection() throws SQLException {
    Connection open = kept;
    if (open == null) {
      open = database.connect();
      kept = open;
    }
    return open;
  }

  private void hangUp() {
    Connection open = kept;
    kept = null;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException _) {
        // It is gone already.
      }
    }
  }

  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(thread);
    try {
      thread.join(TimeUnit.SECONDS.toMillis(10));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    hangUp();
  }
}
