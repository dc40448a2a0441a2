package dev.sluice.hostile;

import dev.sluice.model.OutcomeState;
import java.util.EnumSet;
import java.util.List;

/** What can happen before a request is read. */
final class ConnectFaults {

  /** Whether the reset or the end comes before the first byte was written is a race. */
  private static final Expectation RACE =
      Expectation.oneOf(
          EnumSet.of(OutcomeState.FAILED, OutcomeState.IN_DOUBT), "connect", "reset", "protocol");

  static final List<Fault> ALL =
      List.of(
          Fault.port(
              "refuse",
              "nothing listens",
              Expectation.notSent("connect"),
              "http",
              (port, _) -> Door.shut(port)),
          Fault.port(
                  "black-hole",
                  "the backlog is full, so no handshake ends",
                  Expectation.notSent("deadline"),
                  "http",
                  (port, _) -> Door.full(port))
              .untilDeadline(),
          Fault.port(
                  "accept-never",
                  "the kernel takes connection and request, nobody reads",
                  Expectation.inDoubt("deadline"),
                  "http",
                  (port, _) -> Door.unattended(port))
              .untilDeadline(),
          Fault.port(
              "reset-on-accept",
              "RST before the first byte",
              RACE,
              "http",
              (port, oracle) -> Door.serving(port, oracle, Wire::reset)),
          Fault.port(
              "close-on-accept",
              "FIN before the first byte",
              RACE,
              "http",
              (port, oracle) -> Door.serving(port, oracle, Wire::close)));

  private ConnectFaults() {}
}
