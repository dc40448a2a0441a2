package dev.sluice.api;

import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchRef;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/** Answers that show a batch: after a submission, a control call, a redrive and on a read. */
@Component
public class BatchAnswers {

  private final BatchReader reader;

  BatchAnswers(BatchReader reader) {
    this.reader = reader;
  }

  /**
   * Answers with the batch as it is now, its {@code Location}, and {@code Prefer: wait} honoured.
   *
   * @param unlessFinished the status while it runs; a batch that finished within the wait answers
   *     200
   * @param prefer the request's {@code Prefer} header
   * @param replayed adds {@code Idempotency-Replayed: true}
   */
  public ResponseEntity<Object> answer(
      String tenant,
      BatchRef batch,
      HttpStatus unlessFinished,
      @Nullable String prefer,
      boolean replayed) {
    return ResponseEntity.status(unlessFinished)
        .body(reader.batch(tenant, batch.publicId()).orElseThrow());
  }
}
