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
  private static final long MAX_INPUT_BYTES = 16L << 20;

  private static final String NEXT_SEQ =
      """
      SELECT max(next_seq) FROM batch_counter WHERE batch_id = ?
      """;

  private static final String DESTINATION_ID =
      """
      SELECT id FROM destination WHERE key = ?
      """;

  private static final String ANY =
      "SELECT "
          + OutcomeReads.COLUMNS
          + " FROM outcome o WHERE "
          + OutcomeReads.MATCHES
          + " AND o.batch_id = ?7 AND o.seq > ?8 AND o.seq < ?9 ORDER BY o.seq LIMIT ?10";

  private static final String UNSUCCESSFUL =
      "SELECT "
          + OutcomeReads.COLUMNS
          + " FROM outcome o INDEXED BY outcome_unsuccessful WHERE o.state <> 0 AND "
          + OutcomeReads.MATCHES
          + " AND o.batch_id = ?7 AND o.seq > ?8 AND o.seq < ?9 ORDER BY o.seq LIMIT ?10";

  private static final String NEXT_CLOSED =
      """
      SELECT id, closed_seq, item_count, closed_as, closed_at FROM shard INDEXED BY shard_closed
      WHERE batch_id = ?1 AND closed_as IS NOT NULL AND closed_seq > ?2 - 500
        AND closed_seq + item_count - 1 > ?2
        AND (?3 = 0 OR (1 << closed_as) & ?3 <> 0)
        AND (?4 IS NULL OR destination_id = ?4)
      ORDER BY closed_seq LIMIT 1
      """;

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
    long bound = session.number(NEXT_SEQ, batchId).orElse(1);
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

  /** Reads rows up to {@code upTo}, exclusive, or as far as the page goes. */
  private void readRows(OutcomeReads.Filter filter, long upTo) throws SQLException {
    boolean sparse = filter.excludesSuccess();
    long end = sparse ? upTo : Math.min(upTo, position + 1 + budget);
    int wanted = limit - results.size();
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
            end,
            wanted);
    long from = position;
    for (OutcomeReads.Row row : rows) {
      add(row.seq(), row.shardId(), row.complete(session));
      position = row.seq();
      if (full()) {
        return;
      }
    }
    if (rows.size() < wanted) {
      position = end - 1;
    }
    budget -= sparse ? 0 : position - from;
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
