package dev.sluice.attempt.egress;

import dev.sluice.model.Destination;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where Sluice may send. Destinations are judged by what they say, once and not for each item;
 * addresses when a name is resolved and when they are dialled. Any thread.
 */
public final class EgressPolicy {

  /** Destinations remembered; far more than one process sends to at a time. */
  private static final int MAX_REMEMBERED = 16_384;

  private static final List<String> INTERNAL =
      List.of(".local", ".internal", ".svc", ".cluster.local", ".home.arpa", ".intranet", ".lan");

  private final List<HostPattern> hosts;
  private final PortSet ports;
  private final PortSet deniedPorts;
  private final Networks networks;
  private final AddressPolicy addresses;
  private final @Nullable EgressProxy proxy;
  private final Map<Destination, Optional<String>> decided = new ConcurrentHashMap<>();

  /**
   * @param onLoopback whether only this machine reaches the API
   * @param own sockets of this process, never sent to
   */
  public EgressPolicy(EgressProperties properties, boolean onLoopback, OwnSockets own) {
    this.hosts = properties.hosts().stream().map(HostPattern::parse).toList();
    this.ports = PortSet.parse("sluice.attempt.egress.ports", properties.ports());
    this.deniedPorts =
        PortSet.parse("sluice.attempt.egress.denied-ports", properties.deniedPorts());
    this.networks = Networks.parse(properties.networks(), onLoopback);
    this.addresses = new AddressPolicy(networks, own);
    this.proxy = properties.proxy() == null ? null : new EgressProxy(properties.proxy());
  }

  /**
   * Refuses a destination whose host or port is denied; what a name leads to is judged later.
   *
   * @throws EgressDeniedException when nothing may be sent there
   */
  public void check(Destination destination) {
    Optional<String> known = decided.get(destination);
    if (known == null) {
      if (decided.size() >= MAX_REMEMBERED) {
        decided.clear();
      }
      known = Optional.ofNullable(refusal(destination));
      decided.put(destination, known);
    }
    if (known.isPresent()) {
      throw new EgressDeniedException(known.get());
    }
  }

  /** Gives the proxy that everything goes through; null when there is none. */
  public @Nullable EgressProxy proxy() {
    return proxy;
  }

  /**
   * Refuses a dial: where there is a proxy, of everything else.
   *
   * @throws EgressDeniedException when it must not be
   */
  void checkDial(InetSocketAddress address) {
    if (proxy == null) {
      check(address);
    } else if (!proxy.isAt(address)) {
      throw new EgressDeniedException("Everything goes through the proxy");
    }
  }

  /**
   * Refuses an address that must not be sent to.
   *
   * @throws EgressDeniedException when it must not
   */
  void check(InetSocketAddress address) {
    String refusal = addresses.refusal(address);
    if (refusal != null) {
      throw new EgressDeniedException(refusal);
    }
  }

  /** Gives how many destinations are remembered. */
  int rememberedCount() {
    return decided.size();
  }

  private @Nullable String refusal(Destination destination) {
    String host = HostPattern.withoutDot(destination.host());
    List<HostPattern> matching =
        hosts.stream().filter(pattern -> pattern.covers(destination)).toList();
    if (matching.isEmpty()) {
      return "The host is not among those that may be sent to";
    }
    boolean portNamed = matching.stream().anyMatch(pattern -> pattern.port() != 0);
    int port = destination.port();
    if (!portNamed && (!ports.contains(port) || deniedPorts.contains(port))) {
      return "The port is not among those that may be sent to";
    }
    if (isLiteral(host)) {
      return literalRefusal(host, port);
    }
    boolean hostNamed = matching.stream().anyMatch(pattern -> !pattern.isAll());
    return hostNamed || isPublic(host) ? null : "Internal host names are not allowed here";
  }

  /**
   * The name rules out that an address was meant; what it leads to is judged when it is resolved.
   */
  private boolean isPublic(String host) {
    if (host.equals("localhost") || host.endsWith(".localhost")) {
      return networks.loopback();
    }
    if (host.equals("metadata") || host.startsWith("metadata.")) {
      return false;
    }
    boolean internal = host.indexOf('.') < 0 || INTERNAL.stream().anyMatch(host::endsWith);
    return !internal || networks.privateOnes();
  }

  /** Intake lets no other host begin with a bracket, and none but a dotted quad end in a digit. */
  private static boolean isLiteral(String host) {
    if (host.startsWith("[")) {
      return true;
    }
    String last = host.substring(host.lastIndexOf('.') + 1);
    return !last.isEmpty() && last.charAt(0) >= '0' && last.charAt(0) <= '9';
  }

  private @Nullable String literalRefusal(String host, int port) {
    try {
      InetAddress address = InetAddress.ofLiteral(unbracketed(host));
      // 0177.0.0.1 is 127.0.0.1 to some readers and 177.0.0.1 to others.
      if (host.startsWith("[") || address.getHostAddress().equals(host)) {
        return addresses.refusal(address.getAddress(), port);
      }
    } catch (IllegalArgumentException e) {
      // Told below, as one that is written in an unusual form.
    }
    return "The host is neither a name nor an address in its usual form";
  }

  private static String unbracketed(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }
}
