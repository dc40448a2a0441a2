package dev.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.store.AuditLog.Check;
import dev.sluice.store.AuditLog.Filter;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The laws of the audit record, kept by every adapter. */
@NullUnmarked
public abstract class AuditLogContract {

  private static final Filter ALL = new Filter(null, null, null);
  private static final Instant START = Instant.parse("2026-01-02T03:04:05.678Z");

  protected final TestClock clock = new TestClock();
  private AuditLog audit;

  /** Opens a record on fresh storage. */
  protected abstract AuditLog create() throws SQLException;

  /** Ends the process and starts another on the same storage. */
  protected abstract AuditLog reopen() throws SQLException;

  /** Runs a statement past the store, as whoever has the file or the database can. */
  protected abstract void tamper(String sql) throws SQLException;

  /** Lifts what keeps rows from being changed. */
  protected abstract void allowChanges() throws SQLException;

  protected abstract void close();

  @BeforeEach
  void open() throws SQLException {
    audit = create();
  }

  @AfterEach
  void closeAll() {
    close();
  }

  private static AuditEntry entry(int n) {
    return new AuditEntry(
        START.plusSeconds(n),
        n % 2 == 0 ? "even" : "odd",
        "acme",
        "POST /v1/batches/{id}/cancel",
        n % 3 == 0 ? null : "bat_" + n % 3,
        n == 4 ? 403 : 200,
        "request-" + n,
        "192.0.2.1");
  }

  private static List<AuditEntry> entries(int from, int to) {
    List<AuditEntry> entries = new ArrayList<>();
    for (int n = from; n < to; n++) {
      entries.add(entry(n));
    }
    return entries;
  }

  private List<AuditEntry> newest(Filter filter) {
    return audit.entries(filter, null, 100).stream().map(AuditRecord::entry).toList();
  }

  @Test
  void keepsEntriesAsTheyAreAndShowsTheNewestFirst() {
    audit.append(entries(0, 3));
    audit.append(entries(3, 6));
    assertThat(newest(ALL)).isEqualTo(entries(0, 6).reversed());
    assertThat(newest(new Filter("globex", null, null))).isEmpty();
    assertThat(newest(new Filter("acme", "odd", null)))
        .containsExactly(entry(5), entry(3), entry(1));
    assertThat(newest(new Filter(null, "odd", "bat_1"))).containsExactly(entry(1));
    List<AuditRecord> page = audit.entries(ALL, null, 4);
    assertThat(audit.entries(ALL, page.getLast().id(), 4).stream().map(AuditRecord::entry))
        .containsExactly(entry(1), entry(0));
  }

  @Test
  void everyProcessHasAChainOfItsOwn() throws SQLException {
    audit.append(entries(0, 3));
    audit = reopen();
    audit.append(entries(3, 5));
    List<AuditRecord> records = audit.entries(ALL, null, 100).reversed();
    assertThat(records.stream().map(AuditRecord::seq)).containsExactly(1L, 2L, 3L, 1L, 2L);
    assertThat(records.get(3).replica()).isNotEqualTo(records.getFirst().replica());
    assertThat(records.stream().map(AuditRecord::hash)).doesNotHaveDuplicates();
    assertThat(audit.check(0, 100)).isEqualTo(new Check(5, null, null));
    Check first = audit.check(0, 2);
    assertThat(first).isEqualTo(new Check(2, null, records.get(1).id()));
    assertThat(audit.check(first.lastId(), 100)).isEqualTo(new Check(3, null, null));
  }

  @Test
  void nobodyChangesAnEntryByMistake() {
    audit.append(entries(0, 2));
    assertThatThrownBy(() -> tamper("UPDATE audit SET caller = 'somebody else'"))
        .hasMessageContaining("never changes");
  }

  @Test
  void aChangedEntryShows() throws SQLException {
    allowChanges();
    for (String change :
        List.of(
            "caller = 'nobody'",
            "tenant = 'globex'",
            "action = 'GET /'",
            "object = NULL",
            "status = 201",
            "request_id = 'x'",
            "source = '192.0.2.2'",
            "at = at + 1",
            "hash = 'x'")) {
      audit.append(entries(0, 5));
      long id = audit.entries(ALL, null, 100).get(3).id();
      assertThat(audit.check(0, 1000).brokenId()).as("before " + change).isNull();
      tamper("UPDATE audit SET " + change + " WHERE id = " + id);
      assertThat(audit.check(0, 1000).brokenId()).as(change).isEqualTo(id);
      tamper("DELETE FROM audit");
    }
  }

  @Test
  void anEntryThatWasTakenOutShows() throws SQLException {
    audit.append(entries(0, 5));
    List<AuditRecord> records = audit.entries(ALL, null, 100).reversed();
    tamper("DELETE FROM audit WHERE id = " + records.get(2).id());
    assertThat(audit.check(0, 100).brokenId()).isEqualTo(records.get(3).id());
  }

  @Test
  void forgetsTheOldestInSteps() {
    audit.append(entries(0, 5));
    assertThat(audit.forget(START.plusSeconds(3), 2)).isEqualTo(2);
    assertThat(audit.forget(START.plusSeconds(3), 2)).isEqualTo(1);
    assertThat(audit.forget(START.plusSeconds(3), 2)).isZero();
    assertThat(newest(ALL)).containsExactly(entry(4), entry(3));
    assertThat(audit.check(0, 100)).isEqualTo(new Check(2, null, null));
    audit.append(entries(5, 6));
    assertThat(audit.check(0, 100)).isEqualTo(new Check(3, null, null));
  }
}
