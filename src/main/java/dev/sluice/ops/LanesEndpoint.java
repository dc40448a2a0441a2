package dev.sluice.ops;

import dev.sluice.store.LaneBoard;
import dev.sluice.store.LaneSnapshot;
import java.util.Comparator;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/** Dumps what each lane of this process is doing, past the bound on series that metrics have. */
@Endpoint(id = "lanes", defaultAccess = Access.NONE)
final class LanesEndpoint {

  private final ObjectProvider<LaneBoard> board;

  LanesEndpoint(ObjectProvider<LaneBoard> board) {
    this.board = board;
  }

  /** A lane under the key of its destination. */
  record Dumped(String destination, LaneSnapshot lane) {}

  /** Gives all lanes, those with the most attempts in flight first. */
  @ReadOperation
  List<Dumped> lanes() {
    LaneBoard found = board.getIfAvailable();
    return (found == null ? List.<LaneBoard.Lane>of() : found.lanes())
        .stream()
            .map(lane -> new Dumped(lane.destination().key(), lane.snapshot()))
            .sorted(Comparator.<Dumped>comparingInt(dumped -> dumped.lane().inFlight()).reversed())
            .toList();
  }
}
