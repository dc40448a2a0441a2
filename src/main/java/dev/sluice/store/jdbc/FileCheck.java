package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteErrorCode;

/**
 * Looks for damage of the file's structure: pages that are zero, cut off or point to nowhere. What
 * stands inside of them has no checksum, but for the payloads of shards. Tables are looked at one
 * by one, those first whose loss would cost most and that are smallest.
 */
final class FileCheck {

  private static final Logger log = LoggerFactory.getLogger(FileCheck.class);
  private static final int STEPS_BETWEEN_LOOKS = 1000;

  private static final String TABLES =
      """
      SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
      ORDER BY CASE name
        WHEN 'shard_payload' THEN 9 WHEN 'outcome' THEN 8 WHEN 'response' THEN 7 WHEN 'attempt' THEN 6
        WHEN 'shard_filter' THEN 5 WHEN 'batch' THEN 0 WHEN 'batch_counter' THEN 1 WHEN 'flow' THEN 1
        WHEN 'shard' THEN 2 ELSE 3 END
      """;

  private final Session session;
  private final ProcessClock clock;

  FileCheck(Session session, ProcessClock clock) {
    this.session = session;
    this.clock = clock;
  }

  /**
   * Looks for as long as {@code limit}; gives the first damage found, or null. What it had no time
   * for it did not see, and says so in the log.
   */
  @Nullable String within(Duration limit) throws SQLException {
    if (limit.isZero()) {
      return null;
    }
    long begun = clock.nanoTime();
    long end = begun + limit.toNanos();
    List<String> tables = session.list(TABLES, row -> row.getString(1));
    int checked = 0;
    String damage = null;
    ProgressHandler.setHandler(session.connection(), STEPS_BETWEEN_LOOKS, new Until(end));
    try {
      while (checked < tables.size() && damage == null) {
        damage = damageIn("PRAGMA quick_check('" + tables.get(checked) + "')");
        checked++;
      }
    } catch (SQLException e) {
      if (e.getErrorCode() != SQLiteErrorCode.SQLITE_INTERRUPT.code) {
        throw e;
      }
    } finally {
      ProgressHandler.clearHandler(session.connection());
      session.forgetStatements();
    }
    session.connection().commit();
    log.atInfo()
        .addKeyValue("tables", tables.size())
        .addKeyValue("checked", checked)
        .addKeyValue("millis", TimeUnit.NANOSECONDS.toMillis(clock.nanoTime() - begun))
        .log("The structure of the store's file was checked as far as time allowed.");
    return damage;
  }

  /** Looks at everything, however long it takes; gives the first damage found, or null. */
  @Nullable String whole() throws SQLException {
    String damage = damageIn("PRAGMA integrity_check(1)");
    session.connection().commit();
    return damage;
  }

  private @Nullable String damageIn(String check) throws SQLException {
    String answer = session.first(check, row -> row.getString(1));
    return answer == null || answer.equals("ok") ? null : answer;
  }

  private final class Until extends ProgressHandler {
    private final long end;

    Until(long end) {
      this.end = end;
    }

    @Override
    protected int progress() {
      return clock.nanoTime() - end < 0 ? 0 : 1;
    }
  }
}
