package dev.sluice.store.jdbc;

import dev.sluice.store.ControlBoard.Snapshot;
import dev.sluice.store.FlowSnapshot;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/**
 * What the lanes of each replica do, one row a replica, so that any of them can answer for all. The
 * age of a row is told by the clock of the database alone.
 */
final class PeerSnapshots {

  /** Flows of one replica that others hear of, those with most in flight first. */
  private static final int MOST_FLOWS = 5_000;

  private static final Duration FRESH = Duration.ofSeconds(3);

  private static final String PUBLISH =
      """
      INSERT INTO replica_snapshot (replica_slot, published_at, snapshot) VALUES (?, clock_timestamp(), ?)
      ON CONFLICT (replica_slot)
        DO UPDATE SET published_at = excluded.published_at, snapshot = excluded.snapshot
      """;

  private static final String OF_PEERS =
      """
      SELECT s.snapshot FROM replica_snapshot s
        JOIN replica r ON r.slot = s.replica_slot AND r.state = 0
      WHERE s.replica_slot <> ? AND s.published_at > clock_timestamp() - CAST(? AS interval)
      ORDER BY s.replica_slot
      """;

  private PeerSnapshots() {}

  /** Shows others what this replica does; gives what they do. */
  static List<Snapshot> exchange(Session session, Snapshot own) throws SQLException {
    int slot = session.owner().slot();
    session.update(PUBLISH, slot, JsonColumns.snapshot(bounded(own)));
    return session.list(
        OF_PEERS, row -> JsonColumns.snapshot(row.getString(1)), slot, FRESH.toString());
  }

  private static Snapshot bounded(Snapshot own) {
    return own.flows().size() <= MOST_FLOWS
        ? own
        : new Snapshot(
            own.at(),
            own.lanes(),
            own.flows().stream()
                .sorted(Comparator.comparingInt(FlowSnapshot::inFlight).reversed())
                .limit(MOST_FLOWS)
                .toList());
  }
}
