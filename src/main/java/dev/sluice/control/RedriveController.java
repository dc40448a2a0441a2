package dev.sluice.control;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.BatchAnswers;
import dev.sluice.api.BatchView;
import dev.sluice.api.Caller;
import dev.sluice.api.Quotas;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.model.Sha256;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.BatchWriter.Begun;
import dev.sluice.store.BatchWriter.BegunUpload;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Takes redrives. One at a time a parent, so no item is taken twice. */
@Tag(name = "Batches")
@Requires(Role.CONTROL)
@RestController
@RequestMapping(path = "/v1/batches/{id}/redrive", produces = MediaType.APPLICATION_JSON_VALUE)
final class RedriveController {

  private static final Logger log = LoggerFactory.getLogger(RedriveController.class);
  private static final Duration RETRY = Duration.ofSeconds(2);
  private static final int MAX_KEY = 255;

  private final Redrive redrive;
  private final BatchWriter writer;
  private final BatchAnswers answers;
  private final Quotas quotas;

  /** Parents being redriven by this process. */
  private final Set<Long> running = ConcurrentHashMap.newKeySet();

  RedriveController(Redrive redrive, BatchWriter writer, BatchAnswers answers, Quotas quotas) {
    this.redrive = redrive;
    this.writer = writer;
    this.answers = answers;
    this.quotas = quotas;
  }

  @Operation(
      summary = "Send chosen items again, as a linked child batch",
      description =
          "{filter: {state, statusCode, errorCode, destination, index}, idempotencyKey: keep or"
              + " new, confirmInDoubt, dryRun}. Takes terminal items that did not succeed and were"
              + " not redriven before; IN_DOUBT items only when confirmed. dryRun answers 200 with"
              + " the number of items.")
  @RequestBody(
      required = true,
      content =
          @Content(
              mediaType = "application/json",
              schema = @Schema(type = "object"),
              examples =
                  @ExampleObject(
                      "{\"filter\":{\"state\":[\"FAILED\"],\"statusCode\":503},\"idempotencyKey\":\"keep\",\"confirmInDoubt\":false,\"dryRun\":false}")))
  @ApiResponse(
      responseCode = "202",
      description = "The child batch",
      content = @Content(schema = @Schema(implementation = BatchView.class)))
  @ApiResponse(
      responseCode = "200",
      description = "The child batch, finished within the wait; or the count of a dry run",
      content = @Content(schema = @Schema(type = "object")))
  @PostMapping
  ResponseEntity<Object> redrive(
      @AuthenticationPrincipal Caller caller,
      @PathVariable String id,
      @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String key,
      @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
      HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    RedriveRequest wanted = RedriveRequest.read(ControlBody.read(request));
    requireKey(key);
    BatchRecord parent = answers.find(caller.tenant(), id);
    if (wanted.dryRun()) {
      return ResponseEntity.ok(Map.of("dryRun", true, "items", redrive.count(parent, wanted)));
    }
    if (!running.add(parent.ref().id())) {
      throw inProgress();
    }
    try (Quotas.Allowance allowance = quotas.begin(parent.tenant(), true)) {
      return take(parent, wanted, key, prefer, allowance);
    } finally {
      running.remove(parent.ref().id());
    }
  }

  private ResponseEntity<Object> take(
      BatchRecord parent,
      RedriveRequest wanted,
      @Nullable String key,
      @Nullable String prefer,
      Quotas.Allowance allowance) {
    byte[] fingerprint = fingerprint(parent.ref(), wanted);
    if (parent.payloadsDropped()) {
      throw Redrive.payloadExpired(parent.ref());
    }
    return switch (writer.beginUpload(redrive.child(parent, key))) {
      case BegunUpload.Opened(BatchRef child, long uploadId) -> {
        long items =
            redrive.fill(parent, wanted, new Redrive.Target(uploadId, fingerprint, allowance));
        log.atInfo()
            .addKeyValue("batch", child.publicId())
            .addKeyValue("parent", parent.ref().publicId())
            .addKeyValue("items", items)
            .log("Redrive accepted.");
        allowance.kept();
        yield answers.answer(parent.tenant(), child, HttpStatus.ACCEPTED, prefer, false);
      }
      case BegunUpload.Taken(Begun.Existing existing) ->
          replay(parent, existing, fingerprint, prefer);
    };
  }

  private ResponseEntity<Object> replay(
      BatchRecord parent, Begun.Existing existing, byte[] fingerprint, @Nullable String prefer) {
    if (existing.receiving()) {
      throw inProgress();
    }
    byte[] earlier = existing.fingerprint();
    if (earlier == null || !MessageDigest.isEqual(earlier, fingerprint)) {
      throw new ApiProblem(
          422,
          "idempotency_key_reused",
          "The Idempotency-Key was used for another submission; take a new one");
    }
    return answers.answer(parent.tenant(), existing.batch(), HttpStatus.ACCEPTED, prefer, true);
  }

  private static ApiProblem inProgress() {
    return new ApiProblem(
            409, "redrive_in_progress", "A redrive of this batch or with this key still runs")
        .retryAfter(RETRY);
  }

  private static void requireKey(@Nullable String key) {
    if (key != null && (key.isBlank() || key.length() > MAX_KEY)) {
      throw new ApiProblem(
          400, "invalid_idempotency_key", "Idempotency-Key must have 1 to 255 characters");
    }
  }

  private static byte[] fingerprint(BatchRef parent, RedriveRequest request) {
    return Sha256.of("redrive\n" + parent.publicId() + '\n' + request.canonical());
  }
}
