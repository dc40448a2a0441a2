package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Quotas;
import dev.sluice.model.BatchState;
import dev.sluice.model.DispatchObserver;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.BatchWriter.SealResult;
import dev.sluice.store.BatchWriter.UploadOpening;
import java.security.MessageDigest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Appends chunks to open batches and seals them. Any thread. */
final class Chunks {

  private final BatchWriter writer;
  private final BatchReader reader;
  private final UploadResources resources;
  private final DispatchObserver observer;

  Chunks(
      BatchWriter writer,
      BatchReader reader,
      UploadResources resources,
      DispatchObserver observer) {
    this.writer = writer;
    this.reader = reader;
    this.resources = resources;
    this.observer = observer;
  }

  /**
   * What became of a chunk.
   *
   * @param accepted items stored now
   * @param deduplicated items that were stored before
   * @param total items of the batch
   */
  record Receipt(long accepted, long deduplicated, long total) {}

  /**
   * Stores a chunk; on return it is on disk.
   *
   * @throws ApiProblem when it is refused; then nothing of it remains
   */
  Receipt append(String publicId, IncomingRequest request) {
    SubmissionFormat format = SubmissionFormat.of(request.contentType());
    QueryString query = QueryString.of(request.query());
    Long offset = query.takeCount("offset");
    query.end();
    if (offset != null && request.idempotencyKey() != null) {
      throw new ApiProblem(
          400, "invalid_parameter", "Give either offset or Idempotency-Key, not both");
    }
    BatchRecord batch = find(request.tenant(), publicId);
    try (UploadSlots.Slot _ = resources.slots().take();
        Quotas.Allowance allowance = resources.quotas().begin(request.tenant(), false)) {
      ContentStream content =
          ContentStream.open(
              request.body(), request.gzip(), resources.limits(), resources.clock(), "");
      return switch (writer.openUpload(batch.ref().id(), offset, request.idempotencyKey())) {
        case UploadOpening.Opened opened ->
            store(
                Upload.opened(writer, opened.uploadId(), resources, allowance),
                batch,
                opened,
                format.chunk(content, query, resources.limits()),
                content);
        case UploadOpening.Earlier earlier -> deduplicated(earlier, content, offset != null);
        case UploadOpening.Misaligned(long total) ->
            throw new ApiProblem(
                    422, "offset_misaligned", "The offset lies inside an earlier chunk")
                .with("expectedOffset", total);
        case UploadOpening.InProgress _ -> throw inProgress();
        case UploadOpening.Gap(long expected) ->
            throw new ApiProblem(409, "offset_gap", "Items before the offset are missing")
                .with("expectedOffset", expected);
        case UploadOpening.InvalidState(BatchState state) -> throw invalidState(state);
      };
    }
  }

  private Receipt store(
      Upload begun,
      BatchRecord batch,
      UploadOpening.Opened opened,
      ItemSource source,
      ContentStream content) {
    try (Upload upload = begun) {
      long count =
          ItemIntake.read(
              source,
              Template.stored(batch.template(), resources.secrets()),
              opened.firstIndex(),
              resources,
              upload);
      return new Receipt(count, 0, upload.commit(count, content));
    }
  }

  private static Receipt deduplicated(
      UploadOpening.Earlier earlier, ContentStream content, boolean byOffset) {
    content.drain();
    if (MessageDigest.isEqual(earlier.fingerprint(), content.fingerprint())) {
      return new Receipt(0, earlier.itemCount(), earlier.total());
    }
    throw byOffset
        ? new ApiProblem(422, "content_mismatch", "Other items are stored at this offset")
        : new ApiProblem(
            422, "idempotency_key_reused", "The Idempotency-Key belongs to other content");
  }

  /**
   * Seals a batch; on return that is on disk. Sealing again is a no-op.
   *
   * @param tenant whose batch it must be
   * @param expectedItems how many items the client means to have sent
   */
  BatchRef seal(String tenant, String publicId, @Nullable Long expectedItems) {
    BatchRecord batch = find(tenant, publicId);
    long began = resources.clock().nanoTime();
    return switch (writer.seal(batch.ref().id(), expectedItems)) {
      case SealResult.Sealed(long total) -> {
        if (batch.state() == BatchState.OPEN) {
          observer.batchAccepted(total);
          observer
              .tracer()
              .intakeEnded(publicId, tenant, total, resources.clock().nanoTime() - began);
        }
        yield batch.ref();
      }
      case SealResult.CountMismatch(long total) ->
          throw new ApiProblem(409, "item_count_mismatch", "The batch holds " + total + " items")
              .with("total", total);
      case SealResult.UploadInProgress _ -> throw inProgress();
      case SealResult.InvalidState(BatchState state) -> throw invalidState(state);
    };
  }

  private BatchRecord find(String tenant, String publicId) {
    return reader.batch(tenant, publicId).orElseThrow(() -> ApiProblem.batchNotFound(publicId));
  }

  private static ApiProblem inProgress() {
    return new ApiProblem(409, "append_in_progress", "Another chunk is still being received")
        .retryAfter(Duration.ofSeconds(1));
  }

  private static ApiProblem invalidState(BatchState state) {
    return new ApiProblem(409, "invalid_state", "The batch is " + state + " and takes no items")
        .with("state", state.name());
  }
}
