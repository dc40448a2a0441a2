package dev.sluice.security;

import dev.sluice.api.Cursor;
import dev.sluice.api.Page;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.store.AuditEntry;
import dev.sluice.store.AuditLog;
import dev.sluice.store.AuditRecord;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Shows the audit record. */
@Tag(name = "Audit")
@Requires(Role.ADMIN)
@RestController
@RequestMapping(path = "/v1/audit", produces = MediaType.APPLICATION_JSON_VALUE)
final class AuditController {

  private static final int CHECK_STEP = 1_000;

  private final AuditLog audit;

  AuditController(AuditLog audit) {
    this.audit = audit;
  }

  /**
   * An entry.
   *
   * @param replica the process that recorded it
   * @param seq its number among those of that process
   * @param hash what chains it to the entry before
   */
  record AuditView(
      Instant at,
      String caller,
      String tenant,
      String action,
      @Nullable String object,
      int status,
      String requestId,
      String source,
      long replica,
      long seq,
      String hash) {

    static AuditView of(AuditRecord record) {
      AuditEntry entry = record.entry();
      return new AuditView(
          entry.at(),
          entry.caller(),
          entry.tenant(),
          entry.action(),
          entry.object(),
          entry.status(),
          entry.requestId(),
          entry.source(),
          record.replica(),
          record.seq(),
          record.hash());
    }
  }

  /**
   * What a look at the chains found.
   *
   * @param intact whether every entry follows from the one before it
   * @param entries how many were looked at
   * @param broken row of the first that does not; null when all do
   */
  record Integrity(boolean intact, long entries, @Nullable Long broken) {}

  @Operation(
      summary = "Show who did what, newest first",
      description =
          "Calls that change something, and those that were refused, of all tenants. All filters must"
              + " match; object is the id of a batch or the key of a destination.")
  @GetMapping
  Page<AuditView> entries(
      @RequestParam(required = false) @Nullable String tenant,
      @RequestParam(required = false) @Nullable String caller,
      @RequestParam(required = false) @Nullable String object,
      @RequestParam(required = false) @Nullable String cursor,
      @RequestParam(defaultValue = "100") int limit) {
    List<AuditRecord> rows =
        audit.entries(
            new AuditLog.Filter(tenant, caller, object),
            Cursor.AUDIT.key(cursor),
            Page.limit(limit) + 1);
    return Page.of(rows, limit, AuditView::of, row -> Cursor.AUDIT.after(row.id()));
  }

  @Operation(
      summary = "Check that nobody changed the audit record",
      description = "Looks at every entry, so it takes a while on a long record.")
  @GetMapping("/integrity")
  Integrity integrity() {
    long entries = 0;
    Long after = 0L;
    while (after != null) {
      AuditLog.Check check = audit.check(after, CHECK_STEP);
      entries += check.entries();
      if (check.brokenId() != null) {
        return new Integrity(false, entries, check.brokenId());
      }
      after = check.lastId();
    }
    return new Integrity(true, entries, null);
  }
}
