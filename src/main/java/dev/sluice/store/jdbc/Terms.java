package dev.sluice.store.jdbc;

import dev.sluice.store.BatchRef;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.sql.SQLException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The terms of batches, parsed once and kept while they are among those last used. Any thread. */
final class Terms {

  private static final int MAX_CACHED = 1000;

  private static final String BATCH =
      """
      SELECT id, public_id, tenant, options FROM batch WHERE id = ?
      """;

  private final Map<Long, BatchTerms> cache =
      Collections.synchronizedMap(
          new LinkedHashMap<>(64, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, BatchTerms> eldest) {
              return size() > MAX_CACHED;
            }
          });

  /** Gives the terms of a batch that exists. */
  BatchTerms of(Session session, long batchId) throws SQLException {
    BatchTerms cached = cache.get(batchId);
    if (cached != null) {
      return cached;
    }
    BatchTerms read =
        session.first(
            BATCH,
            row ->
                new BatchTerms(
                    new BatchRef(row.getLong(1), row.getString(2)),
                    row.getString(3),
                    JsonColumns.options(row.getString(4))),
            batchId);
    if (read == null) {
      throw new IllegalStateException("No batch " + batchId + ", indicates a bug");
    }
    cache.put(batchId, read);
    return read;
  }
}
