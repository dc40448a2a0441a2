package dev.sluice.intake;

import dev.sluice.model.Destination;
import dev.sluice.model.Item;

/** Takes valid items in the order they were submitted. */
@FunctionalInterface
interface ItemSink {

  void accept(Destination destination, Item item);
}
