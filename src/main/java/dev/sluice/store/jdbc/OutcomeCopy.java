package dev.sluice.store.jdbc;

import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.store.ShardQueue.Lease;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Outcomes as a {@code COPY} in binary form: no text to be parsed, no tuple store between an array
 * and a row, whole pages of rows at a time. It takes no conflict: a row that is there already fails
 * the transaction.
 *
 * <p>PostgreSQL manual, "COPY", section "Binary Format".
 */
final class OutcomeCopy {

  private static final String COPY =
      """
      COPY outcome (batch_id, seq, idx, shard_id, state, status, attempts, latency, finished_at,
        captured, client_id, error_code, error_message) FROM STDIN (FORMAT binary)
      """;

  /** A signature, then no flags and no extension. */
  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private static final short COLUMNS = 13;
  private static final short END = -1;
  private static final int NULL = -1;

  /** A row without its texts: a count, 13 lengths, six long and four short numbers. */
  private static final int ROW_BYTES =
      Short.BYTES + COLUMNS * Integer.BYTES + 6 * Long.BYTES + 4 * Integer.BYTES;

  private static final int FIRST_ROWS = 64;

  private byte[] bytes = new byte[HEADER.length + FIRST_ROWS * ROW_BYTES];

  /** Writes into the bytes. */
  private ByteBuffer rows = ByteBuffer.wrap(bytes);

  private long rowCount;

  OutcomeCopy() {
    rows.put(HEADER);
  }

  /**
   * Adds outcomes of one shard.
   *
   * @param firstSeq position of the first; the others follow
   */
  void add(Lease lease, List<Outcome> outcomes, long firstSeq) {
    makeRoom(outcomes.size() * ROW_BYTES);
    for (int i = 0; i < outcomes.size(); i++) {
      add(lease, outcomes.get(i), firstSeq + i);
    }
  }

  private void add(Lease lease, Outcome outcome, long seq) {
    ItemError error = outcome.error();
    byte[] clientId = bytes(outcome.clientId());
    byte[] code = bytes(error == null ? null : error.code());
    byte[] message = bytes(error == null ? null : error.message());
    makeRoom(ROW_BYTES + length(clientId) + length(code) + length(message));
    rowCount++;
    rows.putShort(COLUMNS);
    put(lease.batchId());
    put(seq);
    put(outcome.index());
    put(lease.shardId());
    put(StoredNumbers.of(outcome.state()));
    put(outcome.statusCode());
    put(outcome.attemptCount());
    put(outcome.latencyMillis());
    put(outcome.finishedAt().toEpochMilli());
    put(outcome.response() == null ? 0 : 1);
    put(clientId);
    put(code);
    put(message);
  }

  private static byte @Nullable [] bytes(@Nullable String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  private static int length(byte @Nullable [] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  /** Beside them the end has room. */
  private void makeRoom(int byteCount) {
    if (rows.remaining() < byteCount + Short.BYTES) {
      bytes = Arrays.copyOf(bytes, 2 * bytes.length + byteCount);
      rows = ByteBuffer.wrap(bytes).position(rows.position());
    }
  }

  private void put(long value) {
    rows.putInt(Long.BYTES).putLong(value);
  }

  private void put(int value) {
    rows.putInt(Integer.BYTES).putInt(value);
  }

  private void put(byte @Nullable [] text) {
    if (text == null) {
      rows.putInt(NULL);
    } else {
      rows.putInt(text.length).put(text);
    }
  }

  /** Inserts what was added; fails when an item of it has an outcome. */
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
            "%d of %d outcomes were copied, indicates a bug".formatted(inserted, rowCount));
      }
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }
}
