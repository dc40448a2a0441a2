package dev.sluice.store.jdbc;

import dev.sluice.model.CapturedResponse;
import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.store.ItemFilter;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Reads outcome rows, and binds the filters that all reads of outcomes share. */
final class OutcomeReads {

  /** Columns 1 to 13 of every query that {@link #outcome} reads. */
  static final String COLUMNS =
      """
      o.seq, o.idx, o.shard_id, o.state, o.status, o.attempts, o.latency, o.finished_at,
        o.client_id, o.error_code, o.error_message,
        CASE WHEN o.captured = 1 THEN (
          SELECT r.id FROM response r WHERE r.batch_id = o.batch_id AND r.idx = o.idx) END
      """;

  /** Parameters 1 to 6; each that is NULL, or 0 for states, matches everything. */
  static final String MATCHES =
      """
      (?1 = 0 OR (1 << o.state) & ?1 <> 0)
        AND (?2 IS NULL OR o.status = ?2)
        AND (?3 IS NULL OR o.error_code = ?3)
        AND (?4 IS NULL OR o.client_id = ?4)
        AND (?5 IS NULL OR o.idx IN (SELECT value FROM json_each(?5)))
        AND (?6 IS NULL OR (SELECT s.destination_id FROM shard s WHERE s.id = o.shard_id) = ?6)
      """;

  /** What {@link #MATCHES} is there; the parameters are columns of {@code p}. */
  static final String MATCHES_THERE =
      """
      (p.states = 0 OR (1::bigint << o.state) & p.states <> 0)
        AND (p.status IS NULL OR o.status = p.status)
        AND (p.error_code IS NULL OR o.error_code = p.error_code)
        AND (p.client_id IS NULL OR o.client_id = p.client_id)
        AND (p.indexes IS NULL OR o.idx IN (SELECT jsonb_array_elements_text(p.indexes)::bigint))
        AND (p.destination_id IS NULL
          OR (SELECT s.destination_id FROM shard s WHERE s.id = o.shard_id) = p.destination_id)
      """;

  /** One row of the parameters 1 to 6, to be followed by others that are numbers. */
  static final String PARAMETERS_THERE =
      """
      (VALUES (CAST(? AS bigint), CAST(? AS integer), CAST(? AS text), CAST(? AS text), CAST(? AS jsonb),
        CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint)%s))
        AS p(states, status, error_code, client_id, indexes, destination_id, batch_id, from_position%s)
      """;

  private static final String RESPONSE =
      """
      SELECT headers, body, truncated FROM response WHERE id = ?
      """;

  private OutcomeReads() {}

  /** A row with what must still be loaded for it. */
  record Row(long seq, long shardId, Outcome outcome, @Nullable Long responseId) {

    /** Gives the outcome with the response that was kept. */
    Outcome complete(Session session) throws SQLException {
      if (responseId == null) {
        return outcome;
      }
      CapturedResponse response =
          session.first(
              RESPONSE,
              row ->
                  new CapturedResponse(
                      JsonColumns.headers(row.getString(1)), row.getBytes(2), row.getInt(3) == 1),
              responseId);
      return new Outcome(
          outcome.index(),
          outcome.clientId(),
          outcome.state(),
          outcome.statusCode(),
          outcome.attemptCount(),
          outcome.latencyMillis(),
          outcome.finishedAt(),
          outcome.error(),
          response);
    }
  }

  static Row outcome(ResultSet row) throws SQLException {
    String code = row.getString(10);
    String message = row.getString(11);
    return new Row(
        row.getLong(1),
        row.getLong(3),
        new Outcome(
            row.getLong(2),
            row.getString(9),
            StoredNumbers.outcomeState(row.getInt(4)),
            row.getInt(5),
            row.getInt(6),
            row.getLong(7),
            Instant.ofEpochMilli(row.getLong(8)),
            code == null ? null : new ItemError(code, message == null ? "" : message),
            null),
        Rows.number(row, 12));
  }

  /** What a filter says of outcomes, in the order of the parameters of {@link #MATCHES}. */
  record Filter(
      long states,
      @Nullable Integer statusCode,
      @Nullable String errorCode,
      @Nullable String clientId,
      @Nullable String indexes,
      @Nullable Long destinationId) {

    /** Tells whether every outcome matches. */
    boolean matchesAll() {
      return states == 0
          && statusCode == null
          && errorCode == null
          && clientId == null
          && indexes == null
          && destinationId == null;
    }

    /** Tells whether no success can match. */
    boolean excludesSuccess() {
      return states != 0 && (states & 1) == 0;
    }
  }

  static Filter filter(ItemFilter filter, @Nullable Long destinationId) {
    long states = 0;
    for (var state : filter.states()) {
      states |= 1L << StoredNumbers.of(state);
    }
    return new Filter(
        states,
        filter.statusCode(),
        filter.errorCode(),
        filter.clientId(),
        filter.indexes().isEmpty() ? null : JsonColumns.array(filter.indexes()),
        destinationId);
  }

  /** Tells whether an outcome that has no row of its own matches. */
  static boolean matches(Filter filter, Outcome outcome, ItemFilter asked) {
    ItemError error = outcome.error();
    return (filter.states == 0 || (filter.states & (1L << StoredNumbers.of(outcome.state()))) != 0)
        && (filter.statusCode == null || filter.statusCode == outcome.statusCode())
        && (filter.errorCode == null || (error != null && error.code().equals(filter.errorCode)))
        && (filter.clientId == null || filter.clientId.equals(outcome.clientId()))
        && (asked.indexes().isEmpty() || asked.indexes().contains(outcome.index()));
  }
}
