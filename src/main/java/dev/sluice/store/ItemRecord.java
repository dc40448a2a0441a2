package dev.sluice.store;

import dev.sluice.model.Attempt;
import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.model.Outcome;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An item with all that is known of it.
 *
 * @param batch its batch
 * @param index its index
 * @param clientId its label
 * @param destination where it goes
 * @param input what was submitted; null when retention removed it
 * @param outcome how it ended, from its row or from its shard's {@code closed_as}; null while it
 *     has not
 * @param attempts tries that did not end it, oldest first
 */
public record ItemRecord(
    BatchRef batch,
    long index,
    @Nullable String clientId,
    Destination destination,
    @Nullable Item input,
    @Nullable Outcome outcome,
    List<Attempt> attempts) {

  public ItemRecord {
    attempts = List.copyOf(attempts);
  }
}
