package dev.sluice.intake;

import dev.sluice.api.BatchAnswers;
import dev.sluice.api.Caller;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.api.TakesQuery;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchRef;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.enums.ParameterIn;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The calls that bring items in. Bodies are read from the request's own stream, by the request's
 * own virtual thread.
 */
@Tag(name = "Batches")
@Requires(Role.SUBMIT)
@RestController
@RequestMapping(path = "/v1/batches", produces = MediaType.APPLICATION_JSON_VALUE)
final class SubmissionController {

  private final Submissions submissions;
  private final Chunks chunks;
  private final IntakeProperties limits;
  private final ProcessClock clock;
  private final BatchAnswers answers;

  SubmissionController(
      Submissions submissions,
      Chunks chunks,
      IntakeProperties limits,
      ProcessClock clock,
      BatchAnswers answers) {
    this.submissions = submissions;
    this.chunks = chunks;
    this.limits = limits;
    this.clock = clock;
    this.answers = answers;
  }

  /** Takes a whole batch, or creates an open one. */
  @PostMapping
  @TakesQuery("*")
  @Operation(
      summary = "Submit a batch",
      description =
          "As application/json, or as application/x-ndjson with an item a line and the options as"
              + " dotted query parameters (name, metadata.*, concurrency, rate.permits, …,"
              + " expectedItems). Content-Encoding: gzip, Idempotency-Key and Prefer: wait are"
              + " honoured. With \"open\": true and without items, chunks follow.",
      requestBody =
          @RequestBody(
              required = true,
              content = {
                @Content(
                    mediaType = MediaType.APPLICATION_JSON_VALUE,
                    schema = @Schema(type = "object"),
                    examples = @ExampleObject(SubmissionExamples.BATCH)),
                @Content(
                    mediaType = MediaType.APPLICATION_NDJSON_VALUE,
                    schema = @Schema(type = "string"),
                    examples = @ExampleObject(SubmissionExamples.LINES))
              }))
  @ApiResponse(responseCode = "202", description = "Accepted: stored, sealed, will be sent")
  @ApiResponse(responseCode = "201", description = "An open batch was created")
  @ApiResponse(responseCode = "200", description = "Finished within Prefer: wait")
  ResponseEntity<Object> submit(
      @AuthenticationPrincipal Caller caller, HttpServletRequest request) {
    requireSize(request);
    IncomingRequest incoming = IncomingRequest.of(caller, request);
    Submissions.Receipt receipt = submissions.submit(incoming);
    return answers.answer(
        caller.tenant(),
        receipt.batch(),
        receipt.open() ? HttpStatus.CREATED : HttpStatus.ACCEPTED,
        receipt.open() ? null : incoming.prefer(),
        receipt.replayed());
  }

  /** Takes a chunk of an open batch. */
  @PostMapping("/{id}/items")
  @TakesQuery("offset")
  @Operation(
      summary = "Append a chunk to an open batch",
      description =
          "All of it is stored or nothing. offset is the number of items before the chunk, and"
              + " makes a repetition harmless; Idempotency-Key works instead.",
      parameters =
          @Parameter(
              name = "offset",
              in = ParameterIn.QUERY,
              schema = @Schema(type = "integer", format = "int64", minimum = "0")),
      requestBody =
          @RequestBody(
              required = true,
              content = {
                @Content(
                    mediaType = MediaType.APPLICATION_NDJSON_VALUE,
                    schema = @Schema(type = "string"),
                    examples = @ExampleObject(SubmissionExamples.LINES)),
                @Content(
                    mediaType = MediaType.APPLICATION_JSON_VALUE,
                    schema = @Schema(type = "object"),
                    examples = @ExampleObject(SubmissionExamples.CHUNK))
              }))
  @ApiResponse(
      responseCode = "200",
      description = "Stored, or stored before",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON_VALUE,
              schema = @Schema(implementation = Chunks.Receipt.class)))
  ResponseEntity<Object> append(
      @AuthenticationPrincipal Caller caller, @PathVariable String id, HttpServletRequest request) {
    requireSize(request);
    IncomingRequest incoming = IncomingRequest.of(caller, request);
    return ResponseEntity.ok(chunks.append(id, incoming));
  }

  /** Seals an open batch. */
  @PostMapping("/{id}/seal")
  @Operation(
      summary = "Seal an open batch",
      description = "It takes no more items and will be sent. Sealing again changes nothing.",
      requestBody =
          @RequestBody(
              content =
                  @Content(
                      mediaType = MediaType.APPLICATION_JSON_VALUE,
                      schema = @Schema(type = "object"),
                      examples = @ExampleObject(SubmissionExamples.SEAL))))
  @ApiResponse(responseCode = "202", description = "Sealed")
  @ApiResponse(responseCode = "200", description = "Finished within Prefer: wait")
  ResponseEntity<Object> seal(
      @AuthenticationPrincipal Caller caller, @PathVariable String id, HttpServletRequest request) {
    IncomingRequest incoming = IncomingRequest.of(caller, request);
    Long expectedItems = SealBody.expectedItems(incoming, limits, clock);
    BatchRef batch = chunks.seal(caller.tenant(), id, expectedItems);
    return answers.answer(caller.tenant(), batch, HttpStatus.ACCEPTED, incoming.prefer(), false);
  }

  private void requireSize(HttpServletRequest request) {
    if (request.getContentLengthLong() > limits.maxBody().toBytes()) {
      throw WireStream.tooLarge(limits);
    }
  }
}
