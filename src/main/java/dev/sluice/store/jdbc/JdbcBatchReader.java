package dev.sluice.store.jdbc;

import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.FailureGroup;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.ItemRecord;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads, each on one short snapshot of a reading thread. */
final class JdbcBatchReader implements BatchReader {

  private static final String NEWER_BATCHES =
      """
      SELECT id, public_id FROM batch
      WHERE tenant = ? AND id < ? AND (one_shot = 0 OR sealed_at IS NOT NULL)
      ORDER BY id DESC LIMIT 100
      """;

  private static final Sql FAILURES =
      new Sql(
          """
          SELECT f.state, f.status, f.error_code, d.scheme, d.host, d.port, sum(f.item_count), min(f.sample_index),
            f.sample_message
          FROM failure_counter f JOIN destination d ON d.id = f.destination_id
          WHERE f.batch_id = ?
          GROUP BY f.state, f.status, f.error_code, f.destination_id
          ORDER BY sum(f.item_count) DESC, f.state, f.status, f.error_code, f.destination_id
          LIMIT ?
          """,
          """
          SELECT f.state, f.status, f.error_code, d.scheme, d.host, d.port, sum(f.item_count), min(f.sample_index),
            (array_agg(f.sample_message ORDER BY f.sample_index))[1]
          FROM failure_counter f JOIN destination d ON d.id = f.destination_id
          WHERE f.batch_id = ?
          GROUP BY f.state, f.status, f.error_code, f.destination_id, d.scheme, d.host, d.port
          ORDER BY sum(f.item_count) DESC, f.state, f.status, f.error_code, f.destination_id
          LIMIT ?
          """);

  private static final String DESTINATIONS =
      "SELECT " + Destinations.COLUMNS + " FROM destination WHERE id > ? ORDER BY id LIMIT ?";

  private static final String DESTINATION =
      "SELECT " + Destinations.COLUMNS + " FROM destination WHERE key = ?";

  private static final Sql REDRIVEN =
      new Sql(
          """
          SELECT r.idx FROM redriven r JOIN upload u ON u.id = r.upload_id AND u.state <> 2
          WHERE r.parent_id = ? AND r.idx IN (SELECT value FROM json_each(?))
          """,
          """
          SELECT r.idx FROM redriven r JOIN upload u ON u.id = r.upload_id AND u.state <> 2
          WHERE r.parent_id = ? AND r.idx IN (SELECT jsonb_array_elements_text(?::jsonb)::bigint)
          """);

  private final StoreReader points;
  private final StoreReader scans;
  private final BatchRows batches;
  private final Destinations destinations;
  private final FlowReads flows;

  JdbcBatchReader(StoreParts parts) {
    this.points = parts.readers(Patience.SHORT);
    this.scans = parts.readers(Patience.WHILE_HEARD);
    this.batches = new BatchRows(parts.lanes());
    this.destinations = parts.destinations();
    this.flows = new FlowReads(parts.lanes(), parts.destinations());
  }

  @Override
  public Optional<BatchRecord> batch(String tenant, String publicId) {
    return Optional.ofNullable(
        points.<@Nullable BatchRecord>read(session -> batches.one(session, tenant, publicId)));
  }

  @Override
  public List<BatchRecord> batches(BatchFilter filter, @Nullable Long beforeId, int limit) {
    long before = beforeId == null ? Long.MAX_VALUE : beforeId;
    return scans.read(session -> batches.page(session, filter, before, limit));
  }

  @Override
  public Backlog backlog(Instant stalledSince) {
    return scans.read(session -> BacklogRead.of(session, stalledSince));
  }

  @Override
  public Optional<ItemRecord> item(BatchRef batch, long index) {
    return Optional.ofNullable(
        points.<@Nullable ItemRecord>read(session -> new ItemReads(session, batch).one(index)));
  }

  @Override
  public List<ItemRecord> items(BatchRef batch, ItemFilter filter, long fromIndex, int limit) {
    return scans.read(session -> new ItemReads(session, batch).page(filter, fromIndex, limit));
  }

  @Override
  public List<ItemRecord> itemsById(String tenant, String clientId, int limit) {
    ItemFilter filter = new ItemFilter(clientId, Set.of(), false, null, null, null, Set.of());
    List<ItemRecord> found = new ArrayList<>();
    long before = Long.MAX_VALUE;
    while (found.size() < limit) {
      long from = before;
      List<BatchRef> page =
          scans.read(session -> session.list(NEWER_BATCHES, JdbcBatchWriter::ref, tenant, from));
      if (page.isEmpty()) {
        break;
      }
      for (BatchRef batch : page) {
        if (found.size() < limit) {
          found.addAll(items(batch, filter, 0, limit - found.size()));
        }
        before = batch.id();
      }
    }
    return found;
  }

  @Override
  public ResultPage results(
      BatchRef batch, ItemFilter filter, long afterSeq, int limit, boolean includeInput) {
    return scans.read(
        session -> ResultReads.page(session, batch.id(), filter, afterSeq, limit, includeInput));
  }

  @Override
  public List<FailureGroup> failures(BatchRef batch, int limit) {
    return points.read(
        session -> session.list(FAILURES, JdbcBatchReader::failure, batch.id(), limit));
  }

  private static FailureGroup failure(ResultSet row) throws SQLException {
    OutcomeState state = StoredNumbers.outcomeState(row.getInt(1));
    String code = row.getString(3);
    return new FailureGroup(
        state,
        row.getInt(2),
        code.isEmpty() ? null : code,
        Destinations.destination(row, 4).key(),
        row.getLong(7),
        row.getLong(8),
        row.getString(9));
  }

  @Override
  public List<FlowState> flows(BatchRef batch, int limit) {
    return points.read(session -> flows.of(session, batch.id(), limit));
  }

  @Override
  public List<DestinationRecord> destinations(long afterId, int limit) {
    return points.read(session -> session.list(DESTINATIONS, destinations::read, afterId, limit));
  }

  @Override
  public Optional<DestinationRecord> destination(String key) {
    return Optional.ofNullable(
        points.<@Nullable DestinationRecord>read(
            session -> session.first(DESTINATION, destinations::read, key)));
  }

  @Override
  public Set<Long> redriven(BatchRef parent, Set<Long> indexes) {
    return new HashSet<>(
        scans.read(
            session ->
                session.list(
                    REDRIVEN, row -> row.getLong(1), parent.id(), JsonColumns.array(indexes))));
  }
}
