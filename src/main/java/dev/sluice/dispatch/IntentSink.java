package dev.sluice.dispatch;

import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Takes what is about to be sent to the store. Any thread, never blocks. */
interface IntentSink {

  /**
   * Commits intents.
   *
   * @param committed runs once they are on disk, and takes the leases that had moved on; on the
   *     sink's own thread, so it must not block. It never runs when the process stops first
   */
  void intend(List<Intent> intents, Consumer<Set<Lease>> committed);
}
