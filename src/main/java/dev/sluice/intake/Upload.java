package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.BatchWriter.UploadSummary;
import dev.sluice.store.StoreException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Items on their way into the store under one upload id. Ends by one of the commits or is abandoned
 * by {@link #close()}; then nothing of it remains. One thread.
 */
final class Upload implements ItemSink, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Upload.class);

  /** The store gives an upload up that brings nothing for 60 s. */
  private static final long SIGN_OF_LIFE_NANOS = Duration.ofSeconds(15).toNanos();

  private final BatchWriter writer;
  private final long uploadId;
  private final ProcessClock clock;
  private final long maxBytes;
  private final ShardAppender appender;
  private final ShardBuilder builder;
  private long flushedAt;
  private boolean committed;

  Upload(BatchWriter writer, long uploadId, UploadResources resources) {
    this.writer = writer;
    this.uploadId = uploadId;
    this.clock = resources.clock();
    this.maxBytes = resources.limits().maxBody().toBytes();
    this.appender = new ShardAppender(writer, uploadId, resources.executor());
    this.builder = new ShardBuilder(resources.slots()::share, appender);
    this.flushedAt = clock.nanoTime();
  }

  @Override
  public void accept(Destination destination, Item item) {
    builder.accept(destination, item);
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

  /** Makes the items part of the open batch; gives the batch's total. */
  long commit(long itemCount, ContentStream content) {
    builder.flush();
    appender.finish();
    long total = writer.commit(uploadId, summary(itemCount, content));
    committed = true;
    return total;
  }

  /** Makes the items part of the batch and seals it; a small batch costs this one commit. */
  void commitAndSeal(long itemCount, ContentStream content) {
    builder.flush();
    writer.commitAndSeal(uploadId, appender.takeRest(), summary(itemCount, content));
    committed = true;
  }

  private static UploadSummary summary(long itemCount, ContentStream content) {
    return new UploadSummary(itemCount, content.count(), content.fingerprint());
  }

  /** Abandons the upload unless it was committed. */
  @Override
  public void close() {
    if (committed) {
      return;
    }
    appender.settle();
    try {
      writer.abandon(uploadId);
    } catch (StoreException e) {
      // The store removes it itself once it counts as dead.
      LOG.atWarn()
          .addKeyValue("upload", uploadId)
          .addKeyValue("kind", e.kind())
          .log("An upload could not be abandoned and is left to the store.");
    }
  }
}
