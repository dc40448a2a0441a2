package dev.sluice.attempt.egress;

import java.util.List;

/** Policies for tests. */
public final class Policies {

  private static final List<String> ANY = List.of("*");
  private static final List<String> ALL_PORTS = List.of("1-65535");

  private Policies() {}

  /** Gives one that lets every port of this machine through, as tests need it. */
  public static EgressPolicy ofThisMachine() {
    return of("auto", true);
  }

  /** Gives one that lets public addresses through, of any port. */
  public static EgressPolicy ofPublicNetworks() {
    return of("auto", false);
  }

  /** Gives one of these networks, of any host and port. */
  static EgressPolicy of(String network, boolean onLoopback) {
    return new EgressPolicy(
        new EgressProperties(ANY, ALL_PORTS, List.of(), List.of(network)),
        onLoopback,
        new OwnSockets());
  }
}
