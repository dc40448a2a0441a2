package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.OptionsReader;
import dev.sluice.api.Quotas;
import dev.sluice.model.CredentialNames;
import dev.sluice.model.DispatchObserver;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.BatchWriter.Begun;
import dev.sluice.store.BatchWriter.BegunUpload;
import dev.sluice.store.BatchWriter.UploadSummary;
import dev.sluice.store.NewBatch;
import dev.sluice.store.NewShard;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Takes whole submissions: one-shot batches and the creation of open ones. Any thread. */
final class Submissions {

  private final BatchWriter writer;
  private final UploadResources resources;
  private final CredentialNames credentials;
  private final DispatchObserver observer;

  Submissions(
      BatchWriter writer,
      UploadResources resources,
      CredentialNames credentials,
      DispatchObserver observer) {
    this.credentials = credentials;
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
    try (UploadSlots.Slot _ = resources.slots().take();
        Quotas.Allowance allowance = resources.quotas().begin(request.tenant(), true)) {
      String seed = request.idempotencyKey() == null ? null : format + "?" + shown(request.query());
      ContentStream content =
          ContentStream.open(
              request.body(), request.gzip(), resources.limits(), resources.clock(), seed);
      SubmissionBody body = format.submission(content, query, resources.limits());
      BatchHead head = body.head();
      requireAhead(head.options().deadline(), format, request);
      requireKnown(head.options().credential(), format);
      Submission submission = new Submission(head, body, request, allowance);
      return head.open()
          ? create(submission, expectedItems, content)
          : receive(submission, expectedItems, content);
    }
  }

  private void requireKnown(@Nullable String credential, SubmissionFormat format) {
    if (credential != null && !credentials.knows(credential)) {
      throw ApiProblem.invalid(
          format == SubmissionFormat.JSON ? "/options/auth/credential" : null,
          "unknown_credential",
          "There is no credential of that name");
    }
  }

  /** A submission that is sent again after its deadline still finds its batch. */
  private void requireAhead(
      @Nullable Instant deadline, SubmissionFormat format, IncomingRequest request) {
    String key = request.idempotencyKey();
    Instant now = resources.clock().instant();
    if (deadline == null
        || deadline.isAfter(now)
        || (key != null && writer.isTaken(request.tenant(), key))) {
      return;
    }
    OptionsReader.requireAhead(
        deadline, now, format == SubmissionFormat.JSON ? "/options/deadline" : null);
  }

  private static String shown(@Nullable String query) {
    return query == null ? "" : query;
  }

  private Receipt create(
      Submission submission, @Nullable Long expectedItems, ContentStream content) {
    if (expectedItems != null) {
      throw new ApiProblem(
          400, "invalid_parameter", "expectedItems of an open batch belongs to its seal");
    }
    byte[] fingerprint =
        submission.request().idempotencyKey() == null ? null : content.fingerprint();
    return switch (writer.begin(newBatch(submission.head(), submission.request(), fingerprint))) {
      case Begun.Created(BatchRef batch) -> {
        submission.allowance().kept();
        yield new Receipt(batch, true, false);
      }
      case Begun.Existing existing ->
          replay(existing, fingerprint == null ? new byte[0] : fingerprint, true);
    };
  }

  /** What came, with what its tenant may bring. */
  private record Submission(
      BatchHead head, SubmissionBody body, IncomingRequest request, Quotas.Allowance allowance) {}

  private Receipt receive(
      Submission submission, @Nullable Long expectedItems, ContentStream content) {
    BatchHead head = submission.head();
    Reception reception = new Reception(newBatch(head, submission.request(), null));
    long began = resources.clock().nanoTime();
    try (Upload upload = new Upload(writer, reception::open, resources, submission.allowance())) {
      long count = ItemIntake.read(submission.body(), head.template(), 0, resources, upload);
      if (expectedItems != null && expectedItems != count) {
        throw new ApiProblem(
                422,
                "item_count_mismatch",
                "The body holds " + count + " items, not " + expectedItems)
            .with("total", count);
      }
      upload.commitAndSeal(count, content, reception::submit);
      observer.batchAccepted(count);
      BatchRef batch = reception.batch();
      observer
          .tracer()
          .intakeEnded(
              batch.publicId(),
              submission.request().tenant(),
              count,
              resources.clock().nanoTime() - began);
      return new Receipt(batch, false, false);
    } catch (KeyTaken taken) {
      if (taken.existing.receiving()) {
        throw stillReceiving();
      }
      content.drain();
      return replay(taken.existing, content.fingerprint(), false);
    }
  }

  /** A one-shot batch being taken in: created with its first shards, or whole at its end. */
  private final class Reception {
    private final NewBatch submitted;
    private @Nullable BatchRef batch;

    Reception(NewBatch submitted) {
      this.submitted = submitted;
    }

    long open() {
      return switch (writer.beginUpload(submitted)) {
        case BegunUpload.Opened(BatchRef ref, long uploadId) -> {
          batch = ref;
          yield uploadId;
        }
        case BegunUpload.Taken(Begun.Existing existing) -> throw new KeyTaken(existing);
      };
    }

    void submit(List<NewShard> shards, UploadSummary summary) {
      batch =
          switch (writer.submit(submitted, shards, summary)) {
            case Begun.Created(BatchRef ref) -> ref;
            case Begun.Existing existing -> throw new KeyTaken(existing);
          };
    }

    BatchRef batch() {
      return Objects.requireNonNull(batch, "the batch is stored");
    }
  }

  /** The idempotency key belongs to an earlier submission. */
  private static final class KeyTaken extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Begun.Existing existing;

    KeyTaken(Begun.Existing existing) {
      super("The idempotency key is taken");
      this.existing = existing;
    }
  }

  private NewBatch newBatch(
      BatchHead head, IncomingRequest request, byte @Nullable [] fingerprint) {
    return new NewBatch(
        request.tenant(),
        head.name(),
        head.metadata(),
        head.options(),
        head.open() ? head.template().toStore(head.templateJson(), resources.secrets()) : null,
        head.open(),
        request.idempotencyKey(),
        fingerprint,
        null);
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
