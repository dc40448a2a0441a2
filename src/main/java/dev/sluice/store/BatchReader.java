package dev.sluice.store;

import dev.sluice.model.BatchState;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads. Laws: never counts over items, pages by key only, holds no snapshot between calls; an
 * item's outcome is its outcome row, else its shard's {@code closed_as}; one-shot batches are
 * invisible until sealed; another tenant's batch does not exist.
 */
public interface BatchReader extends BacklogBoard {

  /** Finds a batch by its public id. */
  Optional<BatchRecord> batch(String tenant, String publicId);

  /** Lists batches, newest first. */
  List<BatchRecord> batches(BatchFilter filter, @Nullable Long beforeId, int limit);

  /**
   * Which batches.
   *
   * @param states empty means any
   * @param metadata every entry must match
   */
  record BatchFilter(
      String tenant, Set<BatchState> states, @Nullable String name, Map<String, String> metadata) {}

  /** Finds one item. */
  Optional<ItemRecord> item(BatchRef batch, long index);

  /** Lists items in index order from {@code fromIndex} on, pending ones too. */
  List<ItemRecord> items(BatchRef batch, ItemFilter filter, long fromIndex, int limit);

  /** Finds items by the client's label in all batches of a tenant, newest batch first. */
  List<ItemRecord> itemsById(String tenant, String clientId, int limit);

  /**
   * Gives results in commit order after {@code afterSeq}. A page may be shorter than {@code limit}
   * although more follow: only {@code end} tells.
   */
  ResultPage results(
      BatchRef batch, ItemFilter filter, long afterSeq, int limit, boolean includeInput);

  /**
   * A page of results.
   *
   * @param lastSeq continue after this
   * @param end whether nothing more was committed at the time of reading
   */
  record ResultPage(List<ResultRecord> results, long lastSeq, boolean end) {}

  /** Gives failures by reason, most frequent first, at most {@code limit}. */
  List<FailureGroup> failures(BatchRef batch, int limit);

  /** Gives what the flows of a batch were doing, as last published. */
  List<FlowState> flows(BatchRef batch, int limit);

  /** A flow with its destination as it stands. */
  record FlowState(FlowSnapshot snapshot, DestinationRecord destination) {}

  /** Lists destinations in id order. */
  List<DestinationRecord> destinations(long afterId, int limit);

  /** Finds a destination. */
  Optional<DestinationRecord> destination(String key);

  /** Gives the parent items that were redriven already, of those asked for. */
  Set<Long> redriven(BatchRef parent, Set<Long> indexes);
}
