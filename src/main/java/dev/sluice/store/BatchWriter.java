package dev.sluice.store;

import dev.sluice.model.BatchState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes submissions in. Laws: a method that returned has committed to disk; the shards of an upload
 * are invisible and undispatched until its {@code commit}; a batch is dispatched only after {@code
 * seal}; a failed call left nothing behind.
 */
public interface BatchWriter {

  /**
   * Creates a batch, or finds the one that holds the same idempotency key. A one-shot batch whose
   * upload died (no byte for 60 s, or from before this start) is deleted and created anew.
   */
  Begun begin(NewBatch batch);

  /** Outcome of {@link #begin}. */
  sealed interface Begun {
    /** The batch is new and empty. */
    record Created(BatchRef batch) implements Begun {}

    /**
     * The key is taken.
     *
     * @param receiving its one-shot upload still runs
     * @param fingerprint of its content; null while receiving
     */
    record Existing(BatchRef batch, boolean receiving, byte @Nullable [] fingerprint)
        implements Begun {}
  }

  /** Tells whether {@link #begin} would find a batch that holds the key. */
  boolean isTaken(String tenant, String idempotencyKey);

  /** Does {@link #begin} and, when the batch is new, opens its upload in the same commit. */
  BegunUpload beginUpload(NewBatch batch);

  /** Outcome of {@link #beginUpload}. */
  sealed interface BegunUpload {
    /** The batch is new and takes shards under this upload. */
    record Opened(BatchRef batch, long uploadId) implements BegunUpload {}

    /** The key is taken. */
    record Taken(Begun.Existing existing) implements BegunUpload {}
  }

  /**
   * Takes a whole one-shot batch in one transaction: accepted.
   *
   * @return {@link Begun.Created} when it was taken; otherwise nothing was stored
   */
  Begun submit(NewBatch batch, List<NewShard> shards, UploadSummary summary);

  /**
   * Opens an upload, one at a time a batch. Exactly one of {@code offset} and {@code
   * idempotencyKey} may be given; with neither the chunk is appended.
   */
  UploadOpening openUpload(long batchId, @Nullable Long offset, @Nullable String idempotencyKey);

  /** Outcome of {@link #openUpload}. */
  sealed interface UploadOpening {
    /** Send shards; the first item has {@code firstIndex}. */
    record Opened(long uploadId, long firstIndex) implements UploadOpening {}

    /** These items, or others at this place, were stored before: compare the fingerprint. */
    record Earlier(byte[] fingerprint, long itemCount, long total) implements UploadOpening {}

    /** The offset lies inside an earlier chunk. */
    record Misaligned(long total) implements UploadOpening {}

    /** Another upload of this batch is running. */
    record InProgress() implements UploadOpening {}

    /** Items before the offset are missing. */
    record Gap(long expectedOffset) implements UploadOpening {}

    /** The batch takes no items any more. */
    record InvalidState(BatchState state) implements UploadOpening {}
  }

  /**
   * Stores shards of an upload, invisible.
   *
   * @throws StoreException when the upload is gone (abandoned as dead) or the store fails
   */
  void append(long uploadId, List<NewShard> shards);

  /**
   * Makes the upload's items part of the open batch.
   *
   * @return the batch's total
   */
  long commit(long uploadId, UploadSummary summary);

  /** Does {@link #commitAndSeal(long, List, UploadSummary)} without further shards. */
  default void commitAndSeal(long uploadId, UploadSummary summary) {
    commitAndSeal(uploadId, List.of(), summary);
  }

  /**
   * Stores the last shards, makes the upload's items part of the batch and seals it, in one
   * transaction: accepted.
   */
  void commitAndSeal(long uploadId, List<NewShard> last, UploadSummary summary);

  /**
   * What an upload brought.
   *
   * @param fingerprint SHA-256 of the decoded content
   */
  record UploadSummary(long itemCount, long byteCount, byte[] fingerprint) {}

  /**
   * Removes an upload and its shards; a one-shot batch goes with it. Does nothing when it is gone
   * already.
   */
  void abandon(long uploadId);

  /** Seals an open batch: accepted. Sealing again is a no-op. */
  SealResult seal(long batchId, @Nullable Long expectedItems);

  /** Outcome of {@link #seal}. */
  sealed interface SealResult {
    record Sealed(long total) implements SealResult {}

    record CountMismatch(long total) implements SealResult {}

    record UploadInProgress() implements SealResult {}

    record InvalidState(BatchState state) implements SealResult {}
  }

  /**
   * Marks items of a parent batch as redriven by the child whose upload runs; part of that upload.
   *
   * @param uploadId the child's upload
   * @param parentId internal id of the parent
   * @param indexes item indexes of the parent
   */
  void markRedriven(long uploadId, long parentId, List<Long> indexes);
}
