package dev.sluice.report;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.BatchAnswers;
import dev.sluice.api.BatchView;
import dev.sluice.api.BatchViews;
import dev.sluice.api.Caller;
import dev.sluice.api.Cursor;
import dev.sluice.api.Page;
import dev.sluice.api.Preference;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.api.TakesQuery;
import dev.sluice.model.BatchState;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchReader.BatchFilter;
import dev.sluice.store.BatchRecord;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Shows batches. */
@Tag(name = "Batches")
@Requires(Role.READ)
@RestController
@RequestMapping(path = "/v1/batches", produces = MediaType.APPLICATION_JSON_VALUE)
final class BatchesController {

  private static final String METADATA = "metadata.";
  private static final int MAX_GROUPS = 1000;

  private final BatchReader reader;
  private final BatchAnswers answers;
  private final BatchViews views;

  BatchesController(BatchReader reader, BatchAnswers answers, BatchViews views) {
    this.reader = reader;
    this.answers = answers;
    this.views = views;
  }

  @Operation(
      summary = "List batches, newest first",
      description = "Filter by metadata with metadata.<key>=<value>; all filters must match.")
  @TakesQuery("metadata.*")
  @GetMapping
  Page<BatchView> batches(
      @AuthenticationPrincipal Caller caller,
      @RequestParam(required = false) @Nullable Set<BatchState> state,
      @RequestParam(required = false) @Nullable String name,
      @RequestParam(required = false) @Nullable String cursor,
      @RequestParam(defaultValue = "50") int limit,
      @Parameter(hidden = true) @RequestParam Map<String, String> all) {
    Filters.requireNamed(state);
    BatchFilter filter =
        new BatchFilter(caller.tenant(), state == null ? Set.of() : state, name, metadata(all));
    List<BatchRecord> rows =
        reader.batches(filter, Cursor.BATCHES.key(cursor), Page.limit(limit) + 1);
    return Page.of(rows, limit, views::view, row -> Cursor.BATCHES.after(row.ref().id()));
  }

  private static Map<String, String> metadata(Map<String, String> parameters) {
    Map<String, String> metadata = new TreeMap<>();
    parameters.forEach(
        (name, value) -> {
          if (name.startsWith(METADATA)) {
            metadata.put(name.substring(METADATA.length()), value);
          }
        });
    if (metadata.containsKey("")) {
      throw ApiProblem.invalidParameter(METADATA, "must name a key after the dot");
    }
    return metadata;
  }

  @Operation(
      summary = "Show a batch",
      description =
          "With Prefer: wait=N (seconds, at most 60) the answer comes when the batch is finished:"
              + " 200, with results when it is small; else 202 with the batch as it is then.",
      responses = {
        @ApiResponse(
            responseCode = "200",
            description = "The batch",
            content = @Content(schema = @Schema(implementation = BatchView.class))),
        @ApiResponse(
            responseCode = "202",
            description = "Not finished within the wait",
            content = @Content(schema = @Schema(implementation = BatchView.class)))
      })
  @GetMapping("/{id}")
  ResponseEntity<Object> batch(
      @AuthenticationPrincipal Caller caller,
      @PathVariable String id,
      @RequestHeader(name = "Prefer", required = false) @Nullable String prefer) {
    boolean waits = Preference.wait(prefer).isPresent();
    return answers.answer(
        caller.tenant(),
        answers.find(caller.tenant(), id).ref(),
        waits ? HttpStatus.ACCEPTED : HttpStatus.OK,
        prefer,
        false);
  }

  @Operation(
      summary = "Summarise why items did not succeed",
      description = "Groups by state, status, error code and destination, most frequent first.")
  @GetMapping("/{id}/failures")
  List<FailureView> failures(@AuthenticationPrincipal Caller caller, @PathVariable String id) {
    return reader.failures(answers.find(caller.tenant(), id).ref(), MAX_GROUPS).stream()
        .map(FailureView::of)
        .toList();
  }
}
