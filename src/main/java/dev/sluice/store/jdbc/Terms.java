package dev.sluice.store.jdbc;

import dev.sluice.store.BatchRef;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The terms of batches, parsed once and kept while they are among those last used; an older
 * revision never takes the place of a newer one. Any thread.
 */
final class Terms {

  private static final int MAX_CACHED = 1000;

  /** Takes a JSON array of batch ids. */
  static final Sql OF =
      new Sql(
          """
          SELECT id, public_id, tenant, options, options_revision FROM batch
          WHERE id IN (SELECT value FROM json_each(?))
          """,
          """
          SELECT id, public_id, tenant, options, options_revision FROM batch
          WHERE id IN (SELECT jsonb_array_elements_text(?::jsonb)::bigint)
          """);

  private static final String BATCH =
      """
      SELECT id, public_id, tenant, options, options_revision FROM batch WHERE id = ?
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
    BatchTerms read = session.first(BATCH, Terms::read, batchId);
    if (read == null) {
      throw new IllegalStateException("No batch " + batchId + ", indicates a bug");
    }
    keep(read);
    return read;
  }

  static BatchTerms read(ResultSet row) throws SQLException {
    return new BatchTerms(
        new BatchRef(row.getLong(1), row.getString(2)),
        row.getString(3),
        JsonColumns.options(row.getString(4)),
        row.getLong(5));
  }

  /** Takes committed terms: a reader may have seen earlier ones and come later. */
  void keep(BatchTerms terms) {
    cache.merge(terms.batch().id(), terms, (a, b) -> a.revision() > b.revision() ? a : b);
  }
}
