package dev.sluice.store;

import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.model.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * One line of a batch's results.
 *
 * @param seq position in commit order, ascending, with gaps
 * @param destination where the item went
 * @param outcome how it ended
 * @param input what was submitted; only when asked for and still kept
 */
public record ResultRecord(
    long seq, Destination destination, Outcome outcome, @Nullable Item input) {}
