package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Quotas;
import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.BatchWriter.UploadSummary;
import dev.sluice.store.NewShard;
import dev.sluice.store.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Items on their way into the store. What is too large for one transaction goes there under an
 * upload id, which is asked for when it is first needed; what is not costs a single commit. Ends by
 * one of the commits or is abandoned by {@link #close()}; then nothing of it remains. One thread.
 */
final class Upload implements ItemSink, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Upload.class);

  /** The store gives an upload up that brings nothing for 60 s. */
  private static final long SIGN_OF_LIFE_NANOS = Duration.ofSeconds(15).toNanos();

  private static final int TAKEN_AT_ONCE = 256;

  private final BatchWriter writer;
  private final LongSupplier opener;
  private final ProcessClock clock;
  private final long maxBytes;
  private final Quotas.Allowance allowance;
  private final ShardAppender appender;
  private final ShardBuilder builder;
  private @Nullable Long uploadId;
  private long flushedAt;
  private boolean committed;
  private int untakenItems;
  private long untakenBytes;

  /** An upload that the store has opened. */
  static Upload opened(
      BatchWriter writer, long uploadId, UploadResources resources, Quotas.Allowance allowance) {
    Upload upload = new Upload(writer, () -> uploadId, resources, allowance);
    upload.uploadId = uploadId;
    return upload;
  }

  /**
   * @param opener opens the upload in the store and gives its id; asked at most once
   * @param allowance asked for every {@link #TAKEN_AT_ONCE} items, and for the rest at the end
   */
  Upload(
      BatchWriter writer,
      LongSupplier opener,
      UploadResources resources,
      Quotas.Allowance allowance) {
    this.writer = writer;
    this.opener = opener;
    this.clock = resources.clock();
    this.allowance = allowance;
    this.maxBytes = resources.limits().maxBody().toBytes();
    this.appender = new ShardAppender(writer, this::uploadId, resources.executor());
    this.builder = new ShardBuilder(resources.slots()::share, appender);
    this.flushedAt = clock.nanoTime();
  }

  private long uploadId() {
    Long id = uploadId;
    if (id == null) {
      id = opener.getAsLong();
      uploadId = id;
    }
    return id;
  }

  @Override
  public void accept(Destination destination, Item item) {
    builder.accept(destination, item);
    untakenItems++;
    untakenBytes += item.request().body().length;
    if (untakenItems == TAKEN_AT_ONCE) {
      takeAllowance();
    }
    if (appender.storedBytes() > maxBytes) {
      throw new ApiProblem(
          413,
          "batch_too_large",
          "The items make more than " + maxBytes + " bytes once the template is applied");
    }
    long now = clock.nanoTime();
    if (now - flushedAt > SIGN_OF_LIFE_NANOS) {
      builder.flush();
      appender.begin();
      flushedAt = now;
    }
  }

  private void takeAllowance() {
    allowance.take(untakenItems, untakenBytes);
    untakenItems = 0;
    untakenBytes = 0;
  }

  /** Makes the items part of the open batch; gives the batch's total. */
  long commit(long itemCount, ContentStream content) {
    takeAllowance();
    builder.flush();
    appender.finish();
    long total = writer.commit(uploadId(), summary(itemCount, content));
    committed = true;
    allowance.kept();
    return total;
  }

  /**
   * Makes the items part of the batch and seals it, in one commit.
   *
   * @param whole takes the batch when nothing of it is in the store yet
   */
  void commitAndSeal(long itemCount, ContentStream content, Whole whole) {
    takeAllowance();
    builder.flush();
    List<NewShard> rest = appender.takeRest();
    UploadSummary summary = summary(itemCount, content);
    Long id = uploadId;
    if (id == null) {
      whole.submit(rest, summary);
    } else {
      writer.commitAndSeal(id, rest, summary);
    }
    committed = true;
    allowance.kept();
  }

  /** Stores a batch of which nothing is in the store yet. */
  @FunctionalInterface
  interface Whole {
    void submit(List<NewShard> shards, UploadSummary summary);
  }

  private static UploadSummary summary(long itemCount, ContentStream content) {
    return new UploadSummary(itemCount, content.count(), content.fingerprint());
  }

  /** Abandons the upload unless it was committed. */
  @Override
  public void close() {
    Long id = uploadId;
    if (committed || id == null) {
      return;
    }
    appender.settle();
    try {
      writer.abandon(id);
    } catch (StoreException e) {
      // The store removes it itself once it counts as dead.
      LOG.atWarn()
          .addKeyValue("upload", id)
          .addKeyValue("kind", e.kind())
          .log("An upload could not be abandoned and is left to the store.");
    }
  }
}
