package dev.sluice.store.jdbc;

import dev.sluice.model.Destination;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.StateReason;
import dev.sluice.store.BatchSettings;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Desired state in, lane snapshots out. */
final class JdbcControlBoard implements ControlBoard {

  private static final String UPDATE_SETTINGS =
      """
      UPDATE destination SET settings = ? WHERE id = ?
      """;

  /** Whoever closes a breaker wants its destination sent to, and no breaker stays open unasked. */
  private static final Sql END_PARKING =
      new Sql(
          """
          UPDATE destination SET parked_until = NULL, park_reason = NULL
          WHERE id = ? AND park_reason = 'breaker' AND (? = 'CLOSED' OR (? <> 'OPEN' AND settings ->> '$.breaker' = 'OPEN'))
          """,
          """
          UPDATE destination SET parked_until = NULL, park_reason = NULL
          WHERE id = ? AND park_reason = 'breaker' AND (? = 'CLOSED' OR (? <> 'OPEN' AND settings::jsonb ->> 'breaker' = 'OPEN'))
          """);

  private static final String PAUSE_DESTINATION =
      """
      UPDATE destination SET paused_since = ?, paused_until = ?, pause_reason = ? WHERE id = ?
      """;

  private static final String RESUME_DESTINATION =
      """
      UPDATE destination SET paused_since = NULL, paused_until = NULL, pause_reason = NULL WHERE id = ?
      """;

  private static final String PARK =
      """
      UPDATE destination SET parked_until = ?, park_reason = ?
      WHERE id = ? AND (parked_until IS NULL OR parked_until < ?)
      """;

  private static final String UNPARK =
      """
      UPDATE destination SET parked_until = NULL, park_reason = NULL WHERE id = ? AND parked_until <= ?
      """;

  private static final Sql CONTROLS =
      new Sql(
          """
          SELECT id, state IN (2, 3) AND closed_as IS NULL AND (deadline IS NULL OR deadline > ?),
            held_from IS NOT NULL, options_revision
          FROM batch
          WHERE id IN (SELECT value FROM json_each(?))
          """,
          """
          SELECT id, CASE WHEN state IN (2, 3) AND closed_as IS NULL AND (deadline IS NULL OR deadline > ?)
              THEN 1 ELSE 0 END,
            CASE WHEN held_from IS NOT NULL THEN 1 ELSE 0 END, options_revision
          FROM batch
          WHERE id IN (SELECT jsonb_array_elements_text(?::jsonb)::bigint)
          """);

  private static final Sql DESTINATIONS =
      new Sql(
          "SELECT "
              + Destinations.COLUMNS
              + " FROM destination WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
          "SELECT "
              + Destinations.COLUMNS
              + " FROM destination WHERE id IN (SELECT jsonb_array_elements_text(?::jsonb)::bigint)"
              + " ORDER BY id");

  /** Of one that is about to change. */
  private static final Sql DESTINATION =
      new Sql(
          "SELECT " + Destinations.COLUMNS + " FROM destination WHERE id = ?",
          "SELECT " + Destinations.COLUMNS + " FROM destination WHERE id = ? FOR UPDATE");

  /** Of control calls. */
  private final StoreWriter calls;

  private final StoreWriter writer;
  private final StoreReader readers;
  private final ProcessClock clock;
  private final Destinations destinations;
  private final Transitions transitions;
  private final Changes changes;
  private final Readiness readiness;
  private final Lanes lanes;
  private final Terms terms;
  private final boolean sharesStore;

  JdbcControlBoard(StoreParts parts) {
    this.calls = parts.writer(Patience.SHORT);
    this.writer = parts.writer();
    this.readers = parts.readers();
    this.clock = parts.clock();
    this.destinations = parts.destinations();
    this.transitions = parts.transitions();
    this.changes = new Changes(parts.terms());
    this.readiness = parts.readiness();
    this.lanes = parts.lanes();
    this.terms = parts.terms();
    this.sharesStore = parts.sharesStore();
  }

  @Override
  public Controlled pause(long batchId, StateReason reason) {
    return calls.write(session -> transitions.pause(session, batchId, reason, now()));
  }

  @Override
  public Controlled resume(long batchId, StateReason reason) {
    return calls.write(session -> transitions.resume(session, batchId, reason, now()));
  }

  @Override
  public Controlled cancel(long batchId, StateReason reason) {
    return calls.write(session -> transitions.cancel(session, batchId, reason, now()));
  }

  @Override
  public Controlled change(long batchId, UnaryOperator<BatchSettings> change) {
    return calls.write(session -> changes.change(session, batchId, change));
  }

  private long now() {
    return clock.instant().toEpochMilli();
  }

  @Override
  public DestinationRecord update(
      Destination destination, UnaryOperator<DestinationSettings> change) {
    return change(
        destination,
        (session, id) -> {
          DestinationSettings settings = change.apply(read(session, id).settings());
          String breaker = settings.breaker() == null ? "AUTO" : settings.breaker().name();
          if (session.update(END_PARKING, id, breaker, breaker) > 0) {
            readiness.changed(session);
          }
          session.update(UPDATE_SETTINGS, JsonColumns.settings(settings), id);
        });
  }

  @Override
  public DestinationRecord pauseDestination(
      Destination destination, @Nullable Instant until, StateReason reason) {
    return change(
        destination,
        (session, id) ->
            session.update(
                PAUSE_DESTINATION, now(), Rows.millis(until), JsonColumns.reason(reason), id));
  }

  @Override
  public DestinationRecord resumeDestination(Destination destination) {
    return change(
        destination,
        (session, id) -> {
          session.update(RESUME_DESTINATION, id);
          readiness.changed(session);
        });
  }

  private interface Change {
    void run(Session session, long destinationId) throws SQLException;
  }

  private DestinationRecord change(Destination destination, Change change) {
    return calls.write(
        session -> {
          long id = destinations.id(session, destination);
          change.run(session, id);
          return read(session, id);
        });
  }

  private DestinationRecord read(Session session, long id) throws SQLException {
    DestinationRecord record = session.first(DESTINATION, destinations::read, id);
    if (record == null) {
      throw new IllegalStateException("A destination vanished, indicates a bug");
    }
    return record;
  }

  @Override
  public void park(List<Parking> parkings) {
    if (parkings.isEmpty()) {
      return;
    }
    writer.write(
        session -> {
          for (Parking parking : parkings) {
            long until = parking.until().toEpochMilli();
            if (parking.reason() != null) {
              session.update(PARK, until, parking.reason(), parking.destinationId(), until);
            } else if (session.update(UNPARK, parking.destinationId(), until) > 0) {
              readiness.changed(session);
            }
          }
          return Boolean.TRUE;
        });
  }

  @Override
  public void publish(Snapshot snapshot) {
    lanes.publish(snapshot, List.of());
    if (sharesStore) {
      lanes.publish(snapshot, writer.write(session -> PeerSnapshots.exchange(session, snapshot)));
    }
  }

  @Override
  public List<BatchControl> batchControls(Collection<Long> batchIds) {
    return readers.read(
        session ->
            session.list(
                CONTROLS,
                row ->
                    new BatchControl(
                        row.getLong(1), row.getInt(2) == 1, row.getInt(3) == 1, row.getLong(4)),
                now(),
                JsonColumns.array(batchIds)));
  }

  @Override
  public List<BatchTerms> batchTerms(Collection<Long> batchIds) {
    List<BatchTerms> read =
        readers.read(session -> session.list(Terms.OF, Terms::read, JsonColumns.array(batchIds)));
    // Another replica may have changed them.
    read.forEach(terms::keep);
    return read;
  }

  @Override
  public List<DestinationRecord> destinationControls(Collection<Long> destinationIds) {
    return readers.read(
        session ->
            session.list(DESTINATIONS, destinations::read, JsonColumns.array(destinationIds)));
  }
}
