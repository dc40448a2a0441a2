package dev.sluice.store.jdbc;

import dev.sluice.model.Attempt;
import dev.sluice.model.Item;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchRef;
import dev.sluice.store.IdFilter;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.ItemRecord;
import dev.sluice.store.ShardDecoder;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds items of one batch in index order: window by window over the indexes, from the shards that
 * overlap it and the outcomes in it. Only items of committed uploads exist.
 */
final class ItemReads {

  private static final int WINDOW = 4096;

  /** Most indexes of which one statement looks at the outcomes; it begins with a window. */
  private static final int MAX_SCANNED = 65_536;

  private static final int MAX_SPAN = 65_536;

  private static final String TOTAL =
      """
      SELECT total FROM batch WHERE id = ?
      """;

  /**
   * Parameters: batch, from, to (exclusive), widest span, unfinished only, destination, wants
   * filter.
   */
  private static final Sql SHARDS =
      new Sql(
          """
          SELECT s.id, s.state, s.closed_as, s.closed_at,
            CASE WHEN ?7 = 1 THEN (SELECT f.id_filter FROM shard_filter f WHERE f.shard_id = s.id) END
          FROM upload u CROSS JOIN shard s ON s.upload_id = u.id
          WHERE u.batch_id = ?1 AND u.state = 1 AND u.first_index < ?3 AND u.first_index + u.item_count > ?2
            AND s.first_index > ?2 - ?4 AND s.first_index < ?3 AND s.last_index >= ?2
            AND (?5 = 0 OR s.state <> 3)
            AND (?6 IS NULL OR s.destination_id = (SELECT d.id FROM destination d WHERE d.key = ?6))
          """,
          """
          SELECT s.id, s.state, s.closed_as, s.closed_at,
            CASE WHEN p.wants_filter = 1 THEN (SELECT f.id_filter FROM shard_filter f WHERE f.shard_id = s.id) END
          FROM (VALUES (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint),
                CAST(? AS integer), CAST(? AS text), CAST(? AS integer)))
              AS p(batch_id, from_index, to_index, span, unfinished, destination, wants_filter)
            JOIN upload u ON u.batch_id = p.batch_id AND u.state = 1 AND u.first_index < p.to_index
              AND u.first_index + u.item_count > p.from_index
            JOIN shard s ON s.upload_id = u.id AND s.first_index > p.from_index - p.span
              AND s.first_index < p.to_index AND s.last_index >= p.from_index
          WHERE (p.unfinished = 0 OR s.state <> 3)
            AND (p.destination IS NULL OR s.destination_id = (SELECT d.id FROM destination d WHERE d.key = p.destination))
          """);

  /** Outcomes of indexes from {@code p.from_position} to {@code p.to_position}, exclusive. */
  private static final String THERE =
      """
      JOIN upload u ON u.batch_id = p.batch_id AND u.state = 1 AND u.first_index < p.to_position
          AND u.first_index + u.item_count > p.from_position
        JOIN shard s ON s.upload_id = u.id AND s.first_index > p.from_position - %d
          AND s.first_index < p.to_position AND s.last_index >= p.from_position
        JOIN %s ON r.shard_id = s.id AND r.first_idx < p.to_position AND r.last_idx >= p.from_position
          AND o.idx >= p.from_position AND o.idx < p.to_position
      """
          .formatted(MAX_SPAN, OutcomeRuns.OUTCOMES);

  private static final Sql OUTCOMES =
      new Sql(
          "SELECT "
              + OutcomeReads.COLUMNS
              + " FROM outcome o INDEXED BY outcome_item"
              + " WHERE o.batch_id = ? AND o.idx >= ? AND o.idx < ?",
          "SELECT "
              + OutcomeReads.COLUMNS
              + " FROM (VALUES (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint)))"
              + " AS p(batch_id, from_position, to_position) "
              + THERE);

  /** In index order, for filters that only outcomes can match. */
  private static final Sql MATCHING =
      new Sql(
          "SELECT "
              + OutcomeReads.COLUMNS
              + " FROM outcome o INDEXED BY outcome_item WHERE "
              + OutcomeReads.MATCHES
              + " AND o.batch_id = ?7 AND o.idx >= ?8 AND o.idx < ?9 ORDER BY o.idx LIMIT ?10",
          "SELECT "
              + OutcomeReads.COLUMNS
              + " FROM "
              + OutcomeReads.PARAMETERS_THERE.formatted(", CAST(? AS bigint)", ", to_position")
              + THERE
              + " WHERE (p.states = 0 OR p.states & 1 <> 0 OR r.unsuccessful > 0) AND "
              + OutcomeReads.MATCHES_THERE
              + " ORDER BY o.idx LIMIT ?");

  private static final Sql HAS_CLOSED =
      new Sql(
          """
          SELECT 1 FROM shard INDEXED BY shard_closed WHERE batch_id = ? AND closed_as IS NOT NULL LIMIT 1
          """,
          """
          SELECT 1 FROM shard WHERE batch_id = ? AND closed_as IS NOT NULL LIMIT 1
          """);

  private static final String DESTINATION_ID =
      """
      SELECT id FROM destination WHERE key = ?
      """;

  private static final String ATTEMPTS =
      """
      SELECT idx, number, kind, status, error_code, started_at, latency, due_at, counted FROM attempt
      WHERE batch_id = ? AND idx = ? ORDER BY number
      """;

  private record Shard(
      long id,
      int state,
      @Nullable OutcomeState closedAs,
      @Nullable Instant closedAt,
      byte @Nullable [] idFilter) {}

  private final Session session;
  private final BatchRef batch;
  private final Payloads payloads;

  ItemReads(Session session, BatchRef batch) {
    this.session = session;
    this.batch = batch;
    this.payloads = new Payloads(session);
  }

  @Nullable ItemRecord one(long index) throws SQLException {
    return window(ItemFilter.ALL, index, index + 1).get(index);
  }

  List<ItemRecord> page(ItemFilter filter, long fromIndex, int limit) throws SQLException {
    if (!filter.indexes().isEmpty()) {
      return byIndexes(filter, fromIndex, limit);
    }
    if (needsOutcome(filter)
        && filter.clientId() == null
        && !session.exists(HAS_CLOSED, batch.id())) {
      return byOutcomes(filter, fromIndex, limit);
    }
    List<ItemRecord> found = new ArrayList<>();
    long total = session.number(TOTAL, batch.id()).orElse(0);
    for (long from = fromIndex; from < total && found.size() < limit; from += WINDOW) {
      long to = Math.min(total, from + WINDOW);
      for (ItemRecord item : window(filter, from, to).values()) {
        if (found.size() < limit) {
          found.add(item);
        }
      }
    }
    return found;
  }

  private static boolean needsOutcome(ItemFilter filter) {
    return filter.statusCode() != null
        || filter.errorCode() != null
        || (!filter.states().isEmpty() && !filter.pending());
  }

  private static boolean needsNone(ItemFilter filter) {
    return filter.pending() && filter.states().isEmpty();
  }

  private List<ItemRecord> byIndexes(ItemFilter filter, long fromIndex, int limit)
      throws SQLException {
    List<ItemRecord> found = new ArrayList<>();
    List<Long> indexes =
        filter.indexes().stream().filter(index -> index >= fromIndex).sorted().toList();
    for (Long index : indexes) {
      ItemRecord item = found.size() < limit ? window(filter, index, index + 1).get(index) : null;
      if (item != null) {
        found.add(item);
      }
    }
    return found;
  }

  private List<ItemRecord> byOutcomes(ItemFilter filter, long fromIndex, int limit)
      throws SQLException {
    Long destinationId =
        filter.destination() == null
            ? null
            : session.first(DESTINATION_ID, row -> row.getLong(1), filter.destination());
    if (filter.destination() != null && destinationId == null) {
      return List.of();
    }
    OutcomeReads.Filter bound = OutcomeReads.filter(filter, destinationId);
    List<ItemRecord> found = new ArrayList<>();
    long total = session.number(TOTAL, batch.id()).orElse(0);
    long from = fromIndex;
    long scanned = WINDOW;
    while (from < total && found.size() < limit) {
      for (OutcomeReads.Row row :
          session.list(
              MATCHING,
              OutcomeReads::outcome,
              bound.states(),
              bound.statusCode(),
              bound.errorCode(),
              bound.clientId(),
              bound.indexes(),
              bound.destinationId(),
              batch.id(),
              from,
              from + scanned,
              limit - found.size())) {
        found.add(byOutcome(row));
      }
      from += scanned;
      scanned = Math.min(4 * scanned, MAX_SCANNED);
    }
    return found;
  }

  private ItemRecord byOutcome(OutcomeReads.Row row) throws SQLException {
    ShardDecoder items = payloads.items(row.shardId());
    int ordinal = items == null ? -1 : items.ordinal(row.outcome().index());
    Item input = items == null || ordinal < 0 ? null : items.item(ordinal);
    return record(
        row.shardId(),
        row.outcome().index(),
        row.outcome().clientId(),
        input,
        row.complete(session));
  }

  /** Gives what matches in {@code from} to {@code to}, exclusive, by index. */
  private Map<Long, ItemRecord> window(ItemFilter filter, long from, long to) throws SQLException {
    Map<Long, ItemRecord> found = new TreeMap<>();
    Map<Long, OutcomeReads.Row> outcomes = new HashMap<>();
    for (OutcomeReads.Row row :
        session.list(OUTCOMES, OutcomeReads::outcome, batch.id(), from, to)) {
      outcomes.put(row.outcome().index(), row);
    }
    String clientId = filter.clientId();
    for (Shard shard :
        session.list(
            SHARDS,
            ItemReads::shard,
            batch.id(),
            from,
            to,
            MAX_SPAN,
            needsNone(filter) ? 1 : 0,
            filter.destination(),
            clientId == null ? 0 : 1)) {
      if (clientId == null
          || (shard.idFilter != null && IdFilter.mightContain(shard.idFilter, clientId))) {
        collect(filter, shard, outcomes, from, to, found);
      }
    }
    return found;
  }

  private static Shard shard(ResultSet row) throws SQLException {
    Long closedAs = Rows.number(row, 3);
    return new Shard(
        row.getLong(1),
        row.getInt(2),
        closedAs == null ? null : StoredNumbers.outcomeState(closedAs.intValue()),
        Rows.instant(row, 4),
        row.getBytes(5));
  }

  private void collect(
      ItemFilter filter,
      Shard shard,
      Map<Long, OutcomeReads.Row> outcomes,
      long from,
      long to,
      Map<Long, ItemRecord> found)
      throws SQLException {
    ShardDecoder items = payloads.items(shard.id);
    if (items == null) {
      collectWithoutInput(filter, shard, outcomes, found);
      return;
    }
    for (int ordinal = 0; ordinal < items.itemCount(); ordinal++) {
      long index = items.index(ordinal);
      if (index < from || index >= to) {
        continue;
      }
      String id = items.id(ordinal);
      Outcome outcome = outcome(shard, outcomes.get(index), index, id);
      if (matches(filter, index, id, outcome)) {
        found.put(index, record(shard.id, index, id, items.item(ordinal), outcome));
      }
    }
  }

  /** Retention took the input: what is left of an item is its outcome. */
  private void collectWithoutInput(
      ItemFilter filter,
      Shard shard,
      Map<Long, OutcomeReads.Row> outcomes,
      Map<Long, ItemRecord> found)
      throws SQLException {
    for (OutcomeReads.Row row : outcomes.values()) {
      Outcome outcome = row.outcome();
      if (row.shardId() == shard.id
          && matches(filter, outcome.index(), outcome.clientId(), outcome)) {
        found.put(
            outcome.index(),
            record(shard.id, outcome.index(), outcome.clientId(), null, row.complete(session)));
      }
    }
  }

  private @Nullable Outcome outcome(
      Shard shard, OutcomeReads.@Nullable Row row, long index, @Nullable String id)
      throws SQLException {
    if (row != null) {
      return row.complete(session);
    }
    return shard.closedAs == null || shard.closedAt == null
        ? null
        : ClosedAs.outcome(index, id, shard.closedAs, 0, shard.closedAt);
  }

  private static boolean matches(
      ItemFilter filter, long index, @Nullable String id, @Nullable Outcome outcome) {
    boolean state =
        outcome == null
            ? filter.pending() || filter.states().isEmpty()
            : filter.states().contains(outcome.state())
                || (filter.states().isEmpty() && !filter.pending());
    return state
        && (filter.indexes().isEmpty() || filter.indexes().contains(index))
        && (filter.clientId() == null || filter.clientId().equals(id))
        && (filter.statusCode() == null
            || (outcome != null && outcome.statusCode() == filter.statusCode()))
        && (filter.errorCode() == null
            || (outcome != null
                && outcome.error() != null
                && outcome.error().code().equals(filter.errorCode())));
  }

  private ItemRecord record(
      long shardId,
      long index,
      @Nullable String clientId,
      @Nullable Item input,
      @Nullable Outcome outcome)
      throws SQLException {
    List<Attempt> attempts = session.list(ATTEMPTS, ItemReads::attempt, batch.id(), index);
    return new ItemRecord(
        batch, index, clientId, payloads.destination(shardId), input, outcome, attempts);
  }

  private static Attempt attempt(ResultSet row) throws SQLException {
    return new Attempt(
        row.getLong(1),
        row.getInt(2),
        StoredNumbers.attemptKind(row.getInt(3)),
        row.getInt(4),
        row.getString(5),
        Instant.ofEpochMilli(row.getLong(6)),
        row.getLong(7),
        Instant.ofEpochMilli(row.getLong(8)),
        row.getInt(9) == 1);
  }
}
