package dev.sluice.control;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.BatchAnswers;
import dev.sluice.api.BatchView;
import dev.sluice.api.Caller;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.model.BatchState;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.StateReason;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.ControlBoard.Controlled;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Instant;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.node.ObjectNode;

/** Changes, pauses, resumes and cancels batches; repeating a call changes nothing. */
@Tag(name = "Batches")
@Requires(Role.CONTROL)
@RestController
@RequestMapping(path = "/v1/batches/{id}", produces = MediaType.APPLICATION_JSON_VALUE)
final class BatchControlController {

  private static final Logger log = LoggerFactory.getLogger(BatchControlController.class);

  private final ControlBoard board;
  private final BatchAnswers answers;
  private final ProcessClock clock;

  BatchControlController(ControlBoard board, BatchAnswers answers, ProcessClock clock) {
    this.board = board;
    this.answers = answers;
    this.clock = clock;
  }

  /** One of the calls. */
  @FunctionalInterface
  private interface Call {
    Controlled make(long batchId, StateReason reason);
  }

  @Operation(
      summary = "Change a batch",
      description =
          "Merge-patch of {name, metadata, rate: {permits, per, burst}, concurrency, weight, deadline,"
              + " haltOn: {failureRatio, after, consecutiveAuthFailures, action}}; null puts a key back"
              + " to its default. Dispatch follows within a second, items on the wire run to their"
              + " end. Name and metadata can change at any time, the others until the batch has"
              + " ended, is cancelled or its deadline has passed: 409 invalid_state.")
  @RequestBody(
      required = true,
      content =
          @Content(
              mediaType = "application/merge-patch+json",
              schema = @Schema(type = "object"),
              examples =
                  @ExampleObject(
                      "{\"rate\":{\"permits\":300,\"per\":\"1s\",\"burst\":30},\"concurrency\":50,\"deadline\":\"2030-01-31T12:00:00Z\"}")))
  @ApiResponse(
      responseCode = "200",
      description = "The batch",
      content = @Content(schema = @Schema(implementation = BatchView.class)))
  @PatchMapping
  ResponseEntity<Object> patch(
      @AuthenticationPrincipal Caller caller, @PathVariable String id, HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    BatchPatch patch = BatchPatch.read(ControlBody.read(request));
    BatchRef batch = answers.find(caller.tenant(), id).ref();
    Instant now = clock.instant();
    return switch (board.change(batch.id(), before -> patch.apply(before, now))) {
      case Controlled.Done done -> {
        log.atInfo()
            .addKeyValue("batch", id)
            .addKeyValue("call", "patch")
            .addKeyValue("members", patch.names())
            .addKeyValue("state", done.state())
            .log("Batch controlled.");
        yield answers.answer(caller.tenant(), batch, HttpStatus.OK, null, false);
      }
      case Controlled.InvalidState(BatchState state) ->
          throw new ApiProblem(409, "invalid_state", over(state)).with("state", state);
    };
  }

  private static String over(BatchState state) {
    boolean ended = state.isTerminal() || state == BatchState.CANCELLING;
    return (ended ? "A batch that is " + state : "A batch whose deadline has passed")
        + " sends nothing more: only its name and metadata can change";
  }

  @Operation(
      summary = "Pause a batch",
      description = "What is on the wire ends; nothing new is sent. Optional body: {\"reason\"}.")
  @RequestBody(
      required = false,
      content =
          @Content(
              mediaType = "application/json",
              schema = @Schema(type = "object"),
              examples = @ExampleObject("{\"reason\":\"maintenance\"}")))
  @ApiResponse(
      responseCode = "200",
      description = "The batch",
      content = @Content(schema = @Schema(implementation = BatchView.class)))
  @PostMapping("/pause")
  ResponseEntity<Object> pause(
      @AuthenticationPrincipal Caller caller, @PathVariable String id, HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    return control(caller, id, "pause", request, board::pause);
  }

  @Operation(summary = "Resume a paused batch where it was")
  @RequestBody(
      required = false,
      content =
          @Content(
              mediaType = "application/json",
              schema = @Schema(type = "object"),
              examples = @ExampleObject("{\"reason\":\"maintenance\"}")))
  @ApiResponse(
      responseCode = "200",
      description = "The batch",
      content = @Content(schema = @Schema(implementation = BatchView.class)))
  @PostMapping("/resume")
  ResponseEntity<Object> resume(
      @AuthenticationPrincipal Caller caller, @PathVariable String id, HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    return control(caller, id, "resume", request, board::resume);
  }

  @Operation(
      summary = "Cancel a batch",
      description =
          "Answered once it is decided; items without outcome then end CANCELLED in steps.")
  @RequestBody(
      required = false,
      content =
          @Content(
              mediaType = "application/json",
              schema = @Schema(type = "object"),
              examples = @ExampleObject("{\"reason\":\"maintenance\"}")))
  @ApiResponse(
      responseCode = "200",
      description = "The batch",
      content = @Content(schema = @Schema(implementation = BatchView.class)))
  @PostMapping("/cancel")
  ResponseEntity<Object> cancel(
      @AuthenticationPrincipal Caller caller, @PathVariable String id, HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    return control(caller, id, "cancel", request, board::cancel);
  }

  private ResponseEntity<Object> control(
      Caller caller, String id, String name, HttpServletRequest request, Call call)
      throws IOException, HttpMediaTypeNotSupportedException {
    ObjectNode body = ControlBody.read(request);
    ControlBody.allowKeys(body, "", Set.of("reason"), Set.of());
    BatchRef batch = answers.find(caller.tenant(), id).ref();
    StateReason reason = Reasons.read(body, "Asked for through the API");
    return switch (call.make(batch.id(), reason)) {
      case Controlled.Done done -> {
        log.atInfo()
            .addKeyValue("batch", id)
            .addKeyValue("call", name)
            .addKeyValue("state", done.state())
            .log("Batch controlled.");
        yield answers.answer(caller.tenant(), batch, HttpStatus.OK, null, false);
      }
      case Controlled.InvalidState invalid ->
          throw new ApiProblem(
                  409, "invalid_state", "A batch that is " + invalid.state() + " cannot " + name)
              .with("state", invalid.state());
    };
  }
}
