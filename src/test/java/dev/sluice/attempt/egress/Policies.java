package dev.sluice.attempt.egress;

import java.net.URI;
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

  /** Gives one that lets through public addresses and these hosts, all through a proxy. */
  public static EgressPolicy through(URI proxy, String... hosts) {
    return new EgressPolicy(
        new EgressProperties(List.of(hosts), ALL_PORTS, List.of(), List.of("none"), proxy),
        false,
        new OwnSockets());
  }

  /** Gives one of these networks, of any host and port. */
  static EgressPolicy of(String network, boolean onLoopback) {
    return new EgressPolicy(
        new EgressProperties(ANY, ALL_PORTS, List.of(), List.of(network), null),
        onLoopback,
        new OwnSockets());
  }
}
