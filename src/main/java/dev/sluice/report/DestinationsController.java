package dev.sluice.report;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Cursor;
import dev.sluice.api.DestinationKeys;
import dev.sluice.api.DestinationView;
import dev.sluice.api.Page;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchReader;
import dev.sluice.store.DestinationRecord;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Shows destinations with their live state. */
@Tag(name = "Destinations")
@Requires(Role.ADMIN)
@RestController
@RequestMapping(path = "/v1/destinations", produces = MediaType.APPLICATION_JSON_VALUE)
final class DestinationsController {

  private final BatchReader reader;
  private final ProcessClock clock;

  DestinationsController(BatchReader reader, ProcessClock clock) {
    this.reader = reader;
    this.clock = clock;
  }

  @Operation(summary = "List destinations")
  @GetMapping
  Page<DestinationView> destinations(
      @RequestParam(required = false) @Nullable String cursor,
      @RequestParam(defaultValue = "100") int limit) {
    Long after = Cursor.DESTINATIONS.key(cursor);
    List<DestinationRecord> rows =
        reader.destinations(after == null ? 0 : after, Page.limit(limit) + 1);
    Instant now = clock.instant();
    return Page.of(
        rows,
        limit,
        row -> DestinationView.of(row, now),
        row -> Cursor.DESTINATIONS.after(row.id()));
  }

  @Operation(summary = "Show a destination", description = "The key is scheme:host:port.")
  @GetMapping("/{key}")
  DestinationView destination(@PathVariable String key) {
    return reader
        .destination(DestinationKeys.parse(key).key())
        .map(record -> DestinationView.of(record, clock.instant()))
        .orElseThrow(
            () -> new ApiProblem(404, "destination_not_found", "There is no destination " + key));
  }
}
