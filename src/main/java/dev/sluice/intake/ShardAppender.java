package dev.sluice.intake;

import dev.sluice.store.BatchWriter;
import dev.sluice.store.NewShard;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Writes the shards of one upload: several in a transaction, one transaction at a time beside the
 * parsing of what follows. One thread calls.
 */
final class ShardAppender implements ShardSink {

  private static final int ENOUGH_BYTES = 1 << 20;
  private static final int ENOUGH_SHARDS = 512;

  private final BatchWriter writer;
  private final LongSupplier uploadId;
  private final Executor executor;
  private List<NewShard> ready = new ArrayList<>();
  private long readyBytes;
  private long storedBytes;
  private CompletableFuture<Void> running = CompletableFuture.completedFuture(null);

  /**
   * @param uploadId asked before each transaction
   */
  ShardAppender(BatchWriter writer, LongSupplier uploadId, Executor executor) {
    this.writer = writer;
    this.uploadId = uploadId;
    this.executor = executor;
  }

  @Override
  public void accept(NewShard shard) {
    ready.add(shard);
    readyBytes += shard.payload().length + shard.idFilter().length;
    storedBytes += shard.byteCount() + shard.idFilter().length;
    if (readyBytes >= ENOUGH_BYTES || ready.size() >= ENOUGH_SHARDS) {
      begin();
    }
  }

  /** Gives the bytes taken so far. */
  long storedBytes() {
    return storedBytes;
  }

  /** Begins to write what is ready, after what is being written. */
  void begin() {
    await();
    if (ready.isEmpty()) {
      return;
    }
    long id = uploadId.getAsLong();
    List<NewShard> shards = ready;
    ready = new ArrayList<>();
    readyBytes = 0;
    running = CompletableFuture.runAsync(() -> writer.append(id, shards), executor);
  }

  /** Writes all that is ready and waits for it. */
  void finish() {
    begin();
    await();
  }

  /** Waits until nothing is being written and gives what is ready, for its caller to write. */
  List<NewShard> takeRest() {
    await();
    List<NewShard> rest = ready;
    ready = new ArrayList<>();
    readyBytes = 0;
    return rest;
  }

  /** Waits until nothing is being written, whatever came of it. */
  void settle() {
    running.handle((_, _) -> null).join();
  }

  private void await() {
    try {
      running.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
