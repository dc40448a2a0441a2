package dev.sluice.store;

import dev.sluice.model.Destination;
import java.util.List;

/** What the lanes of this replica are doing right now, read from memory; kept by dispatch. */
public interface LaneBoard {

  /** Gives the lanes that exist now, in no particular order; cheap, never blocks, any thread. */
  List<Lane> lanes();

  /** A lane under the name of its destination. */
  record Lane(Destination destination, LaneSnapshot snapshot) {}
}
