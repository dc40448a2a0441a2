package dev.sluice.store.jdbc;

import dev.sluice.model.BatchState;
import dev.sluice.model.Destination;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.StateReason;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Desired state in, lane snapshots out. */
final class SqliteControlBoard implements ControlBoard {

  private static final String BATCH =
      """
      SELECT state, resume_state, not_before FROM batch WHERE id = ?
      """;

  private static final String PAUSE =
      """
      UPDATE batch SET resume_state = state, state = 4, paused_at = ?, reason = ? WHERE id = ?
      """;

  private static final String RESUME =
      """
      UPDATE batch SET state = ?, resume_state = NULL, paused_at = NULL, reason = ? WHERE id = ?
      """;

  private static final String CANCEL =
      """
      UPDATE batch SET state = 5, resume_state = NULL, cancelled_at = ?, closed_as = ?, closed_at = ?,
        closing = 1, reason = ?
      WHERE id = ?
      """;

  private static final String UPDATE_SETTINGS =
      """
      UPDATE destination SET settings = ? WHERE id = ?
      """;

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
      UPDATE destination SET parked_until = ?, park_reason = ? WHERE id = ?
      """;

  private static final String CONTROLS =
      """
      SELECT id, state FROM batch WHERE id IN (SELECT value FROM json_each(?))
      """;

  private static final String DESTINATIONS =
      "SELECT "
          + Destinations.COLUMNS
          + " FROM destination WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id";

  private static final String DESTINATION =
      "SELECT " + Destinations.COLUMNS + " FROM destination WHERE id = ?";

  private final GroupCommit writer;
  private final Readers readers;
  private final ProcessClock clock;
  private final Destinations destinations;
  private final Uploads uploads;
  private final Flows flows;
  private final Readiness readiness;
  private final Lanes lanes;

  SqliteControlBoard(StoreParts parts) {
    this.writer = parts.writer();
    this.readers = parts.readers();
    this.clock = parts.clock();
    this.destinations = parts.destinations();
    this.uploads = parts.uploads();
    this.flows = parts.flows();
    this.readiness = parts.readiness();
    this.lanes = parts.lanes();
  }

  private record Row(BatchState state, @Nullable Long resumeState, @Nullable Long notBefore) {}

  private interface Step {
    Controlled run(Session session, Row row, long now) throws SQLException;
  }

  private Controlled control(long batchId, Step step) {
    return writer.write(
        session -> {
          Row row =
              session.first(
                  BATCH,
                  r ->
                      new Row(
                          StoredNumbers.batchState(r.getInt(1)),
                          Rows.number(r, 2),
                          Rows.number(r, 3)),
                  batchId);
          if (row == null) {
            throw new IllegalStateException("No batch " + batchId + ", indicates a bug");
          }
          return step.run(session, row, clock.instant().toEpochMilli());
        });
  }

  @Override
  public Controlled pause(long batchId, StateReason reason) {
    return control(
        batchId,
        (session, row, now) ->
            switch (row.state) {
              case SCHEDULED, QUEUED, RUNNING -> {
                session.update(PAUSE, now, JsonColumns.reason(reason), batchId);
                flows.batchChanged(session, batchId);
                yield new Controlled.Done(BatchState.PAUSED);
              }
              case PAUSED -> new Controlled.Done(BatchState.PAUSED);
              case OPEN, CANCELLING, COMPLETED, CANCELLED, EXPIRED ->
                  new Controlled.InvalidState(row.state);
            });
  }

  @Override
  public Controlled resume(long batchId, StateReason reason) {
    return control(
        batchId,
        (session, row, now) ->
            switch (row.state) {
              case PAUSED -> {
                BatchState state = resumed(row, now);
                session.update(
                    RESUME, StoredNumbers.of(state), JsonColumns.reason(reason), batchId);
                flows.batchChanged(session, batchId);
                yield new Controlled.Done(state);
              }
              case SCHEDULED, QUEUED, RUNNING -> new Controlled.Done(row.state);
              case OPEN, CANCELLING, COMPLETED, CANCELLED, EXPIRED ->
                  new Controlled.InvalidState(row.state);
            });
  }

  private static BatchState resumed(Row row, long now) {
    if (row.resumeState == null) {
      throw new IllegalStateException("A paused batch does not know its past, indicates a bug");
    }
    BatchState before = StoredNumbers.batchState(row.resumeState.intValue());
    boolean due = row.notBefore == null || row.notBefore <= now;
    return before == BatchState.SCHEDULED && due ? BatchState.QUEUED : before;
  }

  @Override
  public Controlled cancel(long batchId, StateReason reason) {
    return control(
        batchId,
        (session, row, now) ->
            switch (row.state) {
              case OPEN, SCHEDULED, QUEUED, RUNNING, PAUSED -> {
                int closedAs = StoredNumbers.of(OutcomeState.CANCELLED);
                session.update(CANCEL, now, closedAs, now, JsonColumns.reason(reason), batchId);
                uploads.buryAll(session, batchId);
                flows.batchChanged(session, batchId);
                yield new Controlled.Done(BatchState.CANCELLING);
              }
              case CANCELLING, CANCELLED -> new Controlled.Done(row.state);
              case COMPLETED, EXPIRED -> new Controlled.InvalidState(row.state);
            });
  }

  @Override
  public DestinationRecord update(Destination destination, DestinationSettings settings) {
    return change(
        destination,
        (session, id) -> session.update(UPDATE_SETTINGS, JsonColumns.settings(settings), id));
  }

  @Override
  public DestinationRecord pauseDestination(
      Destination destination, @Nullable Instant until, StateReason reason) {
    return change(
        destination,
        (session, id) ->
            session.update(
                PAUSE_DESTINATION,
                clock.instant().toEpochMilli(),
                Rows.millis(until),
                JsonColumns.reason(reason),
                id));
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
    return writer.write(
        session -> {
          long id = destinations.id(session, destination);
          change.run(session, id);
          DestinationRecord changed = session.first(DESTINATION, destinations::read, id);
          if (changed == null) {
            throw new IllegalStateException("A destination vanished, indicates a bug");
          }
          return changed;
        });
  }

  @Override
  public void park(List<Parking> parkings) {
    if (parkings.isEmpty()) {
      return;
    }
    writer.write(
        session -> {
          for (Parking parking : parkings) {
            session.update(
                PARK, Rows.millis(parking.until()), parking.reason(), parking.destinationId());
            if (parking.until() == null) {
              readiness.changed(session);
            }
          }
          return Boolean.TRUE;
        });
  }

  @Override
  public void publish(Snapshot snapshot) {
    lanes.publish(snapshot);
  }

  @Override
  public List<BatchControl> batchControls(Collection<Long> batchIds) {
    return readers.read(
        session ->
            session.list(
                CONTROLS,
                row -> new BatchControl(row.getLong(1), StoredNumbers.batchState(row.getInt(2))),
                JsonColumns.array(batchIds)));
  }

  @Override
  public List<DestinationRecord> destinationControls(Collection<Long> destinationIds) {
    return readers.read(
        session ->
            session.list(DESTINATIONS, destinations::read, JsonColumns.array(destinationIds)));
  }
}
