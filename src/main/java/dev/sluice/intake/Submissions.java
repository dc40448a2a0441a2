package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.model.DispatchObserver;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.BatchWriter.Begun;
import dev.sluice.store.BatchWriter.BegunUpload;
import dev.sluice.store.NewBatch;
import dev.sluice.store.Tenants;
import java.security.MessageDigest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Takes whole submissions: one-shot batches and the creation of open ones. Any thread. */
final class Submissions {

  private final BatchWriter writer;
  private final UploadResources resources;
  private final DispatchObserver observer;

  Submissions(BatchWriter writer, UploadResources resources, DispatchObserver observer) {
    this.writer = writer;
    this.resources = resources;
    this.observer = observer;
  }

  /**
   * What became of a submission.
   *
   * @param open whether it takes chunks now
   * @param replayed whether an earlier submission with the same key and content made it
   */
  record Receipt(BatchRef batch, boolean open, boolean replayed) {}

  /**
   * Takes a submission; on return it is on disk.
   *
   * @throws ApiProblem when it is refused; then nothing of it remains
   */
  Receipt submit(IncomingRequest request) {
    SubmissionFormat format = SubmissionFormat.of(request.contentType());
    QueryString query = QueryString.of(request.query());
    if (query.takeFlag("dryRun")) {
      throw ApiProblem.notSupported("dryRun");
    }
    Long expectedItems = query.takeCount("expectedItems");
    try (UploadSlots.Slot _ = resources.slots().take()) {
      String seed = request.idempotencyKey() == null ? null : format + "?" + shown(request.query());
      ContentStream content =
          ContentStream.open(
              request.body(), request.gzip(), resources.limits(), resources.clock(), seed);
      SubmissionBody body = format.submission(content, query, resources.limits());
      BatchHead head = body.head();
      return head.open()
          ? create(head, request.idempotencyKey(), expectedItems, content)
          : receive(head, body, request.idempotencyKey(), expectedItems, content);
    }
  }

  private static String shown(@Nullable String query) {
    return query == null ? "" : query;
  }

  private Receipt create(
      BatchHead head, @Nullable String key, @Nullable Long expectedItems, ContentStream content) {
    if (expectedItems != null) {
      throw new ApiProblem(
          400, "invalid_parameter", "expectedItems of an open batch belongs to its seal");
    }
    byte[] fingerprint = key == null ? null : content.fingerprint();
    return switch (writer.begin(newBatch(head, key, fingerprint))) {
      case Begun.Created(BatchRef batch) -> new Receipt(batch, true, false);
      case Begun.Existing existing ->
          replay(existing, fingerprint == null ? new byte[0] : fingerprint, true);
    };
  }

  private Receipt receive(
      BatchHead head,
      SubmissionBody body,
      @Nullable String key,
      @Nullable Long expectedItems,
      ContentStream content) {
    return switch (writer.beginUpload(newBatch(head, key, null))) {
      case BegunUpload.Opened(BatchRef batch, long uploadId) -> {
        long count = upload(uploadId, head, body, expectedItems, content);
        observer.batchAccepted(count);
        yield new Receipt(batch, false, false);
      }
      case BegunUpload.Taken(Begun.Existing existing) -> {
        if (existing.receiving()) {
          throw stillReceiving();
        }
        content.drain();
        yield replay(existing, content.fingerprint(), false);
      }
    };
  }

  private static NewBatch newBatch(
      BatchHead head, @Nullable String key, byte @Nullable [] fingerprint) {
    return new NewBatch(
        Tenants.DEFAULT,
        head.name(),
        head.metadata(),
        head.options(),
        head.templateJson(),
        head.open(),
        key,
        fingerprint,
        null);
  }

  private long upload(
      long uploadId,
      BatchHead head,
      SubmissionBody body,
      @Nullable Long expectedItems,
      ContentStream content) {
    try (Upload upload = new Upload(writer, uploadId, resources)) {
      long count = ItemIntake.read(body, head.template(), 0, resources.limits(), upload);
      if (expectedItems != null && expectedItems != count) {
        throw new ApiProblem(
                422,
                "item_count_mismatch",
                "The body holds " + count + " items, not " + expectedItems)
            .with("total", count);
      }
      upload.commitAndSeal(count, content);
      return count;
    }
  }

  private static Receipt replay(Begun.Existing existing, byte[] fingerprint, boolean open) {
    if (existing.receiving()) {
      throw stillReceiving();
    }
    byte[] earlier = existing.fingerprint();
    if (earlier == null || !MessageDigest.isEqual(earlier, fingerprint)) {
      throw new ApiProblem(
          422,
          "idempotency_key_reused",
          "The Idempotency-Key belongs to a submission with other content");
    }
    return new Receipt(existing.batch(), open, true);
  }

  private static ApiProblem stillReceiving() {
    return new ApiProblem(
            409,
            "submission_in_progress",
            "A submission with this Idempotency-Key is still being received")
        .retryAfter(Duration.ofSeconds(1));
  }
}
