package dev.sluice.store.jdbc;

import dev.sluice.model.Item;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchReader.ResultPage;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.ResultRecord;
import dev.sluice.store.ShardDecoder;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One page of results in commit order, within one snapshot. Outcome rows and shards closed as a
 * whole share one sequence; a page looks at a bounded number of rows, so with a rare match it may
 * be short or empty although more follow.
 */
final class ResultReads {

  private static final int MAX_SCANNED = 50_000;

  /** Runs that are looked at to see how far a page may go. */
  private static final int MAX_RUNS = 512;

  private static final long MAX_INPUT_BYTES = 16L << 20;

  /**
   * What lies below it is complete. Where replicas commit side by side, the oldest transaction that
   * is under way may still add to what follows it; of a finished batch none does.
   */
  private static final Sql BOUND =
      new Sql(
          """
          SELECT max(next_seq) FROM batch_counter WHERE batch_id = ?
          """,
          """
          SELECT ((CASE WHEN finished_at IS NULL THEN pg_snapshot_xmin(pg_current_snapshot())
            ELSE pg_snapshot_xmax(pg_current_snapshot()) END)::text::bigint
            + (SELECT added FROM transaction_origin)) << 20
          FROM batch WHERE id = ?
          """);

  /** Position of the last of so many outcomes, and how many there are. */
  private static final String SCANNED =
      """
      SELECT max(seq), count(*), 0 FROM (
        SELECT seq FROM outcome WHERE batch_id = ? AND seq > ? AND seq < ? ORDER BY seq LIMIT ?) AS scanned
      """;

  /**
   * The same, where outcomes are in runs: how far the first of them go that hold so many. Nothing
   * else bounds what a page reads, as no plan that is made for any parameters stops when it has
   * enough.
   */
  private static final String SCANNED_RUNS =
      """
      SELECT max(scanned.last), max(scanned.total), max(scanned.runs)
      FROM (VALUES (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint)))
          AS p(batch_id, after, before, wanted)
        CROSS JOIN LATERAL (
          SELECT r.last, r.held, sum(r.held) OVER (ORDER BY r.seq) AS total, count(*) OVER () AS runs
          FROM (
            SELECT seq, seq + item_count - 1 AS last, %1$s AS held FROM outcome_run
            WHERE batch_id = p.batch_id AND seq > p.after - %2$d AND seq < p.before
              AND seq + item_count - 1 > p.after AND %1$s > 0
            ORDER BY seq LIMIT %3$d) r) scanned
      WHERE scanned.total - scanned.held < p.wanted
      """;

  private static final String SCANNED_ANY =
      SCANNED_RUNS.formatted("item_count", OutcomeRuns.MAX_SPAN, MAX_RUNS);

  private static final String SCANNED_UNSUCCESSFUL =
      SCANNED_RUNS.formatted("unsuccessful", OutcomeRuns.MAX_SPAN, MAX_RUNS);

  /** Runs that reach into the positions that are asked for, in their order. */
  private static final String THERE =
      OutcomeReads.PARAMETERS_THERE.formatted(", CAST(? AS bigint)", ", to_position")
          + " CROSS JOIN "
          + OutcomeRuns.OUTCOMES
          + " WHERE r.batch_id = p.batch_id AND r.seq < p.to_position AND r.seq > p.from_position - "
          + OutcomeRuns.MAX_SPAN
          + " AND r.seq + r.item_count - 1 > p.from_position"
          + " AND o.seq > p.from_position AND o.seq < p.to_position AND "
          + OutcomeReads.MATCHES_THERE;

  private static final String DESTINATION_ID =
      """
      SELECT id FROM destination WHERE key = ?
      """;

  private static final Sql ANY =
      new Sql(
          "SELECT "
              + OutcomeReads.COLUMNS
              + " FROM outcome o WHERE "
              + OutcomeReads.MATCHES
              + " AND o.batch_id = ?7 AND o.seq > ?8 AND o.seq < ?9 ORDER BY o.seq LIMIT ?10",
          "SELECT " + OutcomeReads.COLUMNS + " FROM " + THERE + " ORDER BY r.seq, o.seq LIMIT ?");

  private static final Sql UNSUCCESSFUL =
      new Sql(
          "SELECT "
              + OutcomeReads.COLUMNS
              + " FROM outcome o INDEXED BY outcome_unsuccessful WHERE o.state <> 0 AND "
              + OutcomeReads.MATCHES
              + " AND o.batch_id = ?7 AND o.seq > ?8 AND o.seq < ?9 ORDER BY o.seq LIMIT ?10",
          "SELECT "
              + OutcomeReads.COLUMNS
              + " FROM "
              + THERE
              + " AND r.unsuccessful > 0 AND o.state <> 0 ORDER BY r.seq, o.seq LIMIT ?");

  private static final Sql NEXT_CLOSED =
      new Sql(
          """
          SELECT id, closed_seq, item_count, closed_as, closed_at FROM shard INDEXED BY shard_closed
          WHERE batch_id = ?1 AND closed_as IS NOT NULL AND closed_seq > ?2 - 500
            AND closed_seq + item_count - 1 > ?2
            AND (?3 = 0 OR (1 << closed_as) & ?3 <> 0)
            AND (?4 IS NULL OR destination_id = ?4)
          ORDER BY closed_seq LIMIT 1
          """,
          """
          SELECT s.id, s.closed_seq, s.item_count, s.closed_as, s.closed_at
          FROM (VALUES (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint)))
              AS p(batch_id, after, states, destination_id)
            JOIN shard s ON s.batch_id = p.batch_id AND s.closed_as IS NOT NULL
              AND s.closed_seq > p.after - 500 AND s.closed_seq + s.item_count - 1 > p.after
          WHERE (p.states = 0 OR (1::bigint << s.closed_as) & p.states <> 0)
            AND (p.destination_id IS NULL OR s.destination_id = p.destination_id)
          ORDER BY s.closed_seq LIMIT 1
          """);

  private record Closed(long shardId, long seq, int itemCount, OutcomeState as, Instant at) {}

  private final Session session;
  private final long batchId;
  private final ItemFilter asked;
  private final int limit;
  private final boolean includeInput;
  private final Payloads payloads;
  private final List<ResultRecord> results = new ArrayList<>();
  private long position;
  private long budget = MAX_SCANNED;
  private long inputBytes;

  private ResultReads(
      Session session, long batchId, ItemFilter asked, int limit, boolean includeInput) {
    this.session = session;
    this.batchId = batchId;
    this.asked = asked;
    this.limit = limit;
    this.includeInput = includeInput;
    this.payloads = new Payloads(session);
  }

  static ResultPage page(
      Session session,
      long batchId,
      ItemFilter filter,
      long afterSeq,
      int limit,
      boolean includeInput)
      throws SQLException {
    long bound = session.number(BOUND, batchId).orElse(1);
    Long destinationId = null;
    if (filter.destination() != null) {
      OptionalLong found = session.number(DESTINATION_ID, filter.destination());
      if (found.isEmpty()) {
        return new ResultPage(List.of(), Math.max(afterSeq, bound - 1), true);
      }
      destinationId = found.getAsLong();
    }
    ResultReads reads = new ResultReads(session, batchId, filter, limit, includeInput);
    reads.position = afterSeq;
    reads.fill(OutcomeReads.filter(filter, destinationId), bound);
    return new ResultPage(reads.results, reads.position, reads.position >= bound - 1);
  }

  private boolean full() {
    return results.size() >= limit || budget <= 0 || inputBytes > MAX_INPUT_BYTES;
  }

  private void fill(OutcomeReads.Filter filter, long bound) throws SQLException {
    while (position < bound - 1 && !full()) {
      Closed closed = nextClosed(filter);
      long upTo = closed == null ? bound : Math.max(closed.seq, position + 1);
      if (position + 1 < upTo) {
        readRows(filter, upTo);
      } else if (closed != null) {
        expand(filter, closed);
      }
    }
  }

  private @Nullable Closed nextClosed(OutcomeReads.Filter filter) throws SQLException {
    if (filter.statusCode() != null) {
      return null;
    }
    return session.first(
        NEXT_CLOSED,
        ResultReads::closed,
        batchId,
        position,
        filter.states(),
        filter.destinationId());
  }

  private static Closed closed(ResultSet row) throws SQLException {
    return new Closed(
        row.getLong(1),
        row.getLong(2),
        row.getInt(3),
        StoredNumbers.outcomeState(row.getInt(4)),
        Instant.ofEpochMilli(row.getLong(5)));
  }

  /**
   * How far is read.
   *
   * @param end exclusive
   * @param runCount runs looked at, where outcomes are in runs
   */
  private record Scan(long end, long rowCount, long runCount) {}

  /** Reads rows up to {@code upTo}, exclusive, or as far as the page goes. */
  private void readRows(OutcomeReads.Filter filter, long upTo) throws SQLException {
    boolean sparse = filter.excludesSuccess();
    int wanted = limit - results.size();
    boolean allMatch = sparse || filter.matchesAll();
    Scan scan =
        switch (session.dialect()) {
          case SQLITE -> allMatch ? new Scan(upTo, 0, 0) : scan(SCANNED, upTo, budget);
          case POSTGRES ->
              scan(
                  sparse ? SCANNED_UNSUCCESSFUL : SCANNED_ANY,
                  upTo,
                  allMatch ? Math.min(wanted, budget) : budget);
        };
    List<OutcomeReads.Row> rows =
        session.list(
            sparse ? UNSUCCESSFUL : ANY,
            OutcomeReads::outcome,
            filter.states(),
            filter.statusCode(),
            filter.errorCode(),
            filter.clientId(),
            filter.indexes(),
            filter.destinationId(),
            batchId,
            position,
            scan.end,
            wanted);
    for (OutcomeReads.Row row : rows) {
      add(row.seq(), row.shardId(), row.complete(session));
      position = row.seq();
      if (full()) {
        return;
      }
    }
    if (rows.size() < wanted) {
      position = scan.end - 1;
    }
    budget -= Math.max(scan.rowCount, rows.size());
  }

  /** Gives how far so many go, at most to {@code upTo}, exclusive. */
  private Scan scan(String scanned, long upTo, long wanted) throws SQLException {
    Scan scan =
        session.first(
            scanned,
            row -> new Scan(row.getLong(1) + 1, row.getLong(2), row.getLong(3)),
            batchId,
            position,
            upTo,
            wanted);
    if (scan == null) {
      return new Scan(upTo, 0, 0);
    }
    boolean isCut = scan.rowCount >= wanted || scan.runCount >= MAX_RUNS;
    return isCut ? scan : new Scan(upTo, scan.rowCount, scan.runCount);
  }

  private void expand(OutcomeReads.Filter filter, Closed closed) throws SQLException {
    ShardDecoder items = payloads.items(closed.shardId);
    if (items == null) {
      throw new IllegalStateException(
          "Closed shard " + closed.shardId + " has lost its payload, indicates a bug");
    }
    for (int ordinal = (int) (position + 1 - closed.seq); ordinal < closed.itemCount; ordinal++) {
      Outcome outcome =
          ClosedAs.outcome(items.index(ordinal), items.id(ordinal), closed.as, 0, closed.at);
      position = closed.seq + ordinal;
      if (OutcomeReads.matches(filter, outcome, asked)) {
        add(position, closed.shardId, outcome);
        if (full()) {
          return;
        }
      }
    }
    budget -= closed.itemCount;
  }

  private void add(long seq, long shardId, Outcome outcome) throws SQLException {
    Item input = null;
    if (includeInput) {
      ShardDecoder items = payloads.items(shardId);
      int ordinal = items == null ? -1 : items.ordinal(outcome.index());
      if (items != null && ordinal >= 0) {
        input = items.item(ordinal);
        inputBytes += input.request().body().length;
      }
    }
    results.add(new ResultRecord(seq, payloads.destination(shardId), outcome, input));
  }
}
