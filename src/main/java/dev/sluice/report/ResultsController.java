package dev.sluice.report;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.BatchAnswers;
import dev.sluice.api.Caller;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchReader.ResultPage;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.ResultRecord;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/**
 * Streams results in commit order, page by page on the request's own thread, so a stream holds one
 * page and no connection to the store between pages. A fault in mid-stream breaks the connection
 * off; the client continues with {@code after=<seq of its last line>}.
 */
@Tag(name = "Results")
@Requires(Role.READ)
@RestController
@RequestMapping("/v1/batches")
final class ResultsController {

  private static final int BUFFER_BYTES = 32 * 1024;

  private final BatchReader reader;
  private final BatchAnswers answers;
  private final JsonMapper json;
  private final ReportSettings settings;

  ResultsController(
      BatchReader reader, BatchAnswers answers, JsonMapper json, ReportSettings settings) {
    this.reader = reader;
    this.answers = answers;
    this.json = json;
    this.settings = settings;
  }

  @Operation(
      summary = "Stream results as NDJSON or CSV",
      description =
          "In commit order, also while the batch runs: the stream ends at what is committed, and"
              + " after=<seq> of the last line continues it. include=input adds each item as it"
              + " can be submitted again, without credentials.",
      responses =
          @ApiResponse(
              responseCode = "200",
              description = "One result a line",
              content = {
                @Content(
                    mediaType = "application/x-ndjson",
                    schema = @Schema(implementation = dev.sluice.api.ResultView.class)),
                @Content(mediaType = "text/csv", schema = @Schema(type = "string"))
              }))
  @GetMapping("/{batchId}/results")
  void results(
      @AuthenticationPrincipal Caller caller,
      @PathVariable String batchId,
      @RequestParam(required = false) @Nullable String id,
      @RequestParam(required = false) @Nullable Set<ItemState> state,
      @RequestParam(required = false) @Nullable Integer statusCode,
      @RequestParam(required = false) @Nullable String errorCode,
      @RequestParam(required = false) @Nullable String destination,
      @RequestParam(required = false) @Nullable String include,
      @RequestParam(defaultValue = "0") long after,
      @Parameter(hidden = true) @RequestHeader HttpHeaders headers,
      HttpServletResponse response)
      throws IOException, HttpMediaTypeNotAcceptableException {
    MediaType type = ResultFormat.choose(headers);
    if (state != null && state.contains(ItemState.PENDING)) {
      throw ApiProblem.invalidParameter("state", "must not be PENDING: results are outcomes");
    }
    if (after < 0) {
      throw ApiProblem.invalidParameter("after", "must not be negative, was " + after);
    }
    boolean withInput = includesInput(include);
    ItemFilter filter = Filters.items(id, state, statusCode, errorCode, destination);
    BatchRecord batch = answers.find(caller.tenant(), batchId);
    if (withInput && batch.payloadsDropped()) {
      throw new ApiProblem(
          410, "payload_expired", "The inputs of batch " + batchId + " are no longer kept");
    }
    ResultFormat format =
        type.equals(ResultFormat.CSV) ? new CsvFormat(json, withInput) : new NdjsonFormat(json);
    stream(new Query(batch, filter, after, withInput), format, response);
  }

  private static boolean includesInput(@Nullable String include) {
    if (include == null) {
      return false;
    }
    if (!include.equals("input")) {
      throw ApiProblem.invalidParameter("include", "must be input, was " + include);
    }
    return true;
  }

  /** What to stream. */
  private record Query(BatchRecord batch, ItemFilter filter, long after, boolean withInput) {}

  private void stream(Query query, ResultFormat format, HttpServletResponse response)
      throws IOException {
    // Read before the first byte, so a store that cannot answer is a problem and not a cut stream.
    ResultPage page = page(query, query.after());
    response.setContentType(format.type().toString());
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader(
        HttpHeaders.CONTENT_DISPOSITION,
        "attachment; filename=\"%s.%s\""
            .formatted(query.batch().ref().publicId(), format.extension()));
    OutputStream out = new BufferedOutputStream(response.getOutputStream(), BUFFER_BYTES);
    format.begin(out);
    while (true) {
      for (ResultRecord result : page.results()) {
        format.row(result, out);
      }
      if (page.end()) {
        break;
      }
      page = page(query, page.lastSeq());
    }
    out.flush();
  }

  private ResultPage page(Query query, long after) {
    return reader.results(
        query.batch().ref(), query.filter(), after, settings.resultPage(), query.withInput());
  }
}
