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
   * @param committed runs once, when they are on disk or will not be, and takes the leases of which
   *     nothing may be sent: they had moved on, or the process stopped first. On the sink's own
   *     thread, or the one that stops it, so it must not block
   */
  void intend(List<Intent> intents, Consumer<Set<Lease>> committed);
}
