package dev.sluice.store;

import dev.sluice.model.BatchState;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the store has accepted and not ended, over all replicas. */
public interface BacklogBoard {

  /** Most batches that are looked at, so that a look costs little however many there are. */
  int BATCHES = 10_000;

  /**
   * Gives what is to be done, of the {@link #BATCHES} oldest unfinished batches; reads the store.
   *
   * @param stalledSince a running batch with items left and no outcome since then is stalled
   */
  Backlog backlog(Instant stalledSince);

  /**
   * What is to be done.
   *
   * @param batches sealed batches that are not finished, by state
   * @param itemCount items without outcome of those that are queued or running
   * @param oldest when the oldest of those was sealed; null when there is none
   * @param stalledCount batches that are stalled
   */
  record Backlog(
      Map<BatchState, Integer> batches,
      long itemCount,
      @Nullable Instant oldest,
      int stalledCount) {

    public Backlog {
      batches = Map.copyOf(batches);
    }
  }
}
