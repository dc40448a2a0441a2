package dev.sluice.dispatch;

import dev.sluice.model.Attempt;
import dev.sluice.model.Outcome;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Takes what lanes decided to the store, in the order it came. Any thread, never blocks. */
interface OutcomeSink {

  /** An item ended. */
  void add(Lease lease, Outcome outcome);

  /** A try did not end its item. */
  void add(Lease lease, Attempt attempt);

  /** The process has outlived the sending of an item that is sent alone; it goes on. */
  void outlived(Intent intent);

  /** A shard leaves this process unfinished, after everything added before. */
  void giveBack(Lease lease, @Nullable Instant notBefore);

  /**
   * Runs {@code task} soon after everything added before is on disk, on the sink's own thread;
   * never when the process stops first. It must not block.
   */
  void whenStored(Runnable task);
}
