package dev.sluice.store.jdbc;

import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.ShardQueue.Lease;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Outcomes as PostgreSQL keeps them: those of one shard that are committed together are one row
 * with an array for each column, NULL where all are as usual. They are written by one {@code COPY}
 * in binary form. Nothing there refuses a second outcome of an item: whoever writes has locked the
 * shard and knows what has one.
 *
 * <p>PostgreSQL manual, "COPY", section "Binary Format"; arrays as {@code array_send} writes them.
 */
final class OutcomeRuns {

  /** Positions of one transaction are closer together than this, and so is the end of a run. */
  static final long MAX_SPAN = 1L << 20;

  /**
   * Runs {@code r} of a query, and their outcomes as rows {@code o} with the columns of the table
   * {@code outcome} of SQLite. Whoever wants few says so of {@code r}.
   */
  static final String OUTCOMES =
      """
      outcome_run r CROSS JOIN LATERAL (
        SELECT r.batch_id, r.shard_id, r.seq + each.n - 1 AS seq,
          r.first_idx + coalesce(each.idx, each.n - 1) AS idx, coalesce(each.state, 0) AS state,
          coalesce(each.status, 200) AS status, coalesce(each.attempts, 1) AS attempts,
          coalesce(each.captured, 0) AS captured, each.latency,
          r.finished_at + coalesce(each.delay, 0) AS finished_at,
          each.client_id, each.error_code, each.error_message
        FROM unnest(r.offsets, r.states, r.statuses, r.attempts, r.captured, r.latencies, r.delays,
          r.client_ids, r.error_codes, r.error_messages) WITH ORDINALITY
          AS each(idx, state, status, attempts, captured, latency, delay, client_id, error_code,
            error_message, n)) o
      """;

  private static final String COPY =
      """
      COPY outcome_run (batch_id, seq, shard_id, first_idx, last_idx, finished_at, item_count,
        unsuccessful, offsets, states, statuses, attempts, captured, latencies, delays, client_ids,
        error_codes, error_messages) FROM STDIN (FORMAT binary)
      """;

  /** A signature, then no flags and no extension. */
  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private static final short COLUMNS = 18;
  private static final short END = -1;
  private static final int NULL = -1;

  /** Numbers of types, as in {@code pg_type}. */
  private static final int INT2 = 21;

  private static final int INT4 = 23;
  private static final int TEXT = 25;

  /**
   * Dimensions, whether it holds NULL, type of elements, length and lower bound of the only one.
   */
  private static final int ARRAY_BYTES = 5 * Integer.BYTES;

  /** A row without its arrays: a count, 18 lengths, six long and two short numbers. */
  private static final int ROW_BYTES =
      Short.BYTES + COLUMNS * Integer.BYTES + 6 * Long.BYTES + 2 * Integer.BYTES;

  private static final int USUAL_STATUS = 200;

  private byte[] bytes = new byte[16 * 1024];

  /** Writes into the bytes. */
  private ByteBuffer rows = ByteBuffer.wrap(bytes).put(HEADER);

  private long rowCount;

  /**
   * Adds outcomes of one shard.
   *
   * @param firstSeq position of the first; the others follow
   */
  void add(Lease lease, List<Outcome> outcomes, long firstSeq) {
    int from = 0;
    while (from < outcomes.size()) {
      int to = from + 1;
      while (to < outcomes.size() && isNear(outcomes.get(from), outcomes.get(to))) {
        to++;
      }
      addRun(lease, outcomes.subList(from, to), firstSeq + from);
      from = to;
    }
  }

  /** Differences within a run are ints; weeks apart are clocks that were set. */
  private static boolean isNear(Outcome one, Outcome other) {
    return Math.abs(millis(one) - millis(other)) < Integer.MAX_VALUE / 2;
  }

  private static long millis(Outcome outcome) {
    return outcome.finishedAt().toEpochMilli();
  }

  private void addRun(Lease lease, List<Outcome> run, long firstSeq) {
    long firstIndex = run.stream().mapToLong(Outcome::index).min().orElseThrow();
    long lastIndex = run.stream().mapToLong(Outcome::index).max().orElseThrow();
    long finishedAt = run.stream().mapToLong(OutcomeRuns::millis).min().orElseThrow();
    long succeeded =
        run.stream().filter(outcome -> outcome.state() == OutcomeState.SUCCEEDED).count();
    makeRoom(ROW_BYTES);
    rowCount++;
    rows.putShort(COLUMNS);
    put(lease.batchId());
    put(firstSeq);
    put(lease.shardId());
    put(firstIndex);
    put(lastIndex);
    put(finishedAt);
    put(run.size());
    put((int) (run.size() - succeeded));
    putOffsets(run, firstIndex);
    putShorts(run, 0, outcome -> StoredNumbers.of(outcome.state()));
    putShorts(run, USUAL_STATUS, Outcome::statusCode);
    if (run.stream().allMatch(outcome -> outcome.attemptCount() == 1)) {
      rows.putInt(NULL);
    } else {
      putInts(run, Outcome::attemptCount);
    }
    putShorts(run, 0, outcome -> outcome.response() == null ? 0 : 1);
    putInts(run, outcome -> (int) Math.min(outcome.latencyMillis(), Integer.MAX_VALUE));
    if (run.stream().allMatch(outcome -> millis(outcome) == finishedAt)) {
      rows.putInt(NULL);
    } else {
      putInts(run, outcome -> (int) (millis(outcome) - finishedAt));
    }
    putTexts(run, Outcome::clientId);
    putTexts(run, outcome -> code(outcome.error()));
    putTexts(run, outcome -> message(outcome.error()));
  }

  private void putOffsets(List<Outcome> run, long firstIndex) {
    boolean inOrder = true;
    for (int i = 0; i < run.size() && inOrder; i++) {
      inOrder = run.get(i).index() == firstIndex + i;
    }
    if (inOrder) {
      rows.putInt(NULL);
    } else {
      putInts(run, outcome -> (int) (outcome.index() - firstIndex));
    }
  }

  private static @Nullable String code(@Nullable ItemError error) {
    return error == null ? null : error.code();
  }

  private static @Nullable String message(@Nullable ItemError error) {
    return error == null ? null : error.message();
  }

  /** Beside them the rest of the row, all of it NULL, and the end have room. */
  private void makeRoom(int byteCount) {
    int needed = byteCount + ROW_BYTES + Short.BYTES;
    if (rows.remaining() < needed) {
      bytes = Arrays.copyOf(bytes, 2 * bytes.length + needed);
      rows = ByteBuffer.wrap(bytes).position(rows.position());
    }
  }

  private void put(long value) {
    rows.putInt(Long.BYTES).putLong(value);
  }

  private void put(int value) {
    rows.putInt(Integer.BYTES).putInt(value);
  }

  private void putArray(int type, boolean hasNull, int elementCount, int elementBytes) {
    makeRoom(ARRAY_BYTES + elementBytes);
    rows.putInt(ARRAY_BYTES + elementBytes).putInt(1).putInt(hasNull ? 1 : 0).putInt(type);
    rows.putInt(elementCount).putInt(1);
  }

  private void putInts(List<Outcome> run, ToIntFunction<Outcome> value) {
    putArray(INT4, false, run.size(), run.size() * 2 * Integer.BYTES);
    for (Outcome outcome : run) {
      put(value.applyAsInt(outcome));
    }
  }

  private void putShorts(List<Outcome> run, int usual, ToIntFunction<Outcome> value) {
    if (run.stream().allMatch(outcome -> value.applyAsInt(outcome) == usual)) {
      rows.putInt(NULL);
      return;
    }
    putArray(INT2, false, run.size(), run.size() * (Integer.BYTES + Short.BYTES));
    for (Outcome outcome : run) {
      rows.putInt(Short.BYTES).putShort((short) value.applyAsInt(outcome));
    }
  }

  private void putTexts(List<Outcome> run, Function<Outcome, @Nullable String> text) {
    if (run.stream().map(text).allMatch(Objects::isNull)) {
      rows.putInt(NULL);
      return;
    }
    List<byte @Nullable []> texts = new ArrayList<>(run.size());
    int size = run.size() * Integer.BYTES;
    for (Outcome outcome : run) {
      String one = text.apply(outcome);
      byte[] utf8 = one == null ? null : Session.storable(one).getBytes(StandardCharsets.UTF_8);
      size += utf8 == null ? 0 : utf8.length;
      texts.add(utf8);
    }
    putArray(TEXT, texts.contains(null), texts.size(), size);
    for (byte[] utf8 : texts) {
      if (utf8 == null) {
        rows.putInt(NULL);
      } else {
        rows.putInt(utf8.length).put(utf8);
      }
    }
  }

  /** Inserts what was added. */
  void send(Session session) throws SQLException {
    if (rowCount == 0) {
      return;
    }
    rows.putShort(END);
    CopyIn copy = session.connection().unwrap(PGConnection.class).getCopyAPI().copyIn(COPY);
    try {
      copy.writeToCopy(bytes, 0, rows.position());
      long inserted = copy.endCopy();
      if (inserted != rowCount) {
        throw new IllegalStateException(
            "%d of %d runs of outcomes were copied, indicates a bug".formatted(inserted, rowCount));
      }
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }
}
