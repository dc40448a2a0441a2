package dev.sluice.intake;

import dev.sluice.api.BatchAnswers;
import dev.sluice.api.TakesQuery;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchRef;
import dev.sluice.store.Tenants;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The calls that bring items in. Bodies are read from the request's own stream, by the request's
 * own virtual thread.
 */
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
  ResponseEntity<Object> submit(HttpServletRequest request) {
    requireSize(request);
    IncomingRequest incoming = IncomingRequest.of(request);
    Submissions.Receipt receipt = submissions.submit(incoming);
    return answers.answer(
        Tenants.DEFAULT,
        receipt.batch(),
        receipt.open() ? HttpStatus.CREATED : HttpStatus.ACCEPTED,
        receipt.open() ? null : incoming.prefer(),
        receipt.replayed());
  }

  /** Takes a chunk of an open batch. */
  @PostMapping("/{id}/items")
  @TakesQuery("offset")
  ResponseEntity<Object> append(@PathVariable String id, HttpServletRequest request) {
    requireSize(request);
    IncomingRequest incoming = IncomingRequest.of(request);
    return ResponseEntity.ok(chunks.append(id, incoming));
  }

  /** Seals an open batch. */
  @PostMapping("/{id}/seal")
  ResponseEntity<Object> seal(@PathVariable String id, HttpServletRequest request) {
    IncomingRequest incoming = IncomingRequest.of(request);
    Long expectedItems = SealBody.expectedItems(incoming, limits, clock);
    BatchRef batch = chunks.seal(id, expectedItems);
    return answers.answer(Tenants.DEFAULT, batch, HttpStatus.ACCEPTED, incoming.prefer(), false);
  }

  private void requireSize(HttpServletRequest request) {
    if (request.getContentLengthLong() > limits.maxBody().toBytes()) {
      throw WireStream.tooLarge(limits);
    }
  }
}
