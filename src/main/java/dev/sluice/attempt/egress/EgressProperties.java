package dev.sluice.attempt.egress;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where Sluice may send. Items that may not be sent end {@code REJECTED} with the code {@code
 * guard}; {@code sluice_attempts_ended_total{verdict="denied"}} counts them.
 *
 * @param hosts which hosts items may name: {@code *}, a name, an address, {@code *.example.com} for
 *     all names below it; with {@code :port} that port is allowed whatever {@code ports} says. A
 *     pattern other than {@code *} also allows internal names
 * @param ports ports that items may name
 * @param deniedPorts ports of databases and of administration, taken out of {@code ports}
 * @param networks networks that may be reached though they are not public: {@code auto} (loopback
 *     and private ones while {@code server.address} is a loopback address, none otherwise), {@code
 *     none}, {@code loopback}, {@code private}, or ranges such as {@code 10.20.0.0/16}. Set it to
 *     {@code none} behind a proxy on the same machine
 * @param proxy {@code http://<host>:<port>} of a proxy that everything is sent through by {@code
 *     CONNECT}, with {@code <user>:<password>@} before the host where it asks for a login. What a
 *     name leads to is then judged by the proxy alone. None when absent, whatever the environment
 *     says
 */
@ConfigurationProperties("sluice.attempt.egress")
public record EgressProperties(
    @DefaultValue("*") List<String> hosts,
    @DefaultValue({"80", "443", "1024-65535"}) List<String> ports,
    @DefaultValue({
          "1433", "1521", "2049", "2181", "2375-2376", "2379-2380", "3306", "3389", "5432",
              "5984-5986",
          "6379", "6443", "8500", "9042", "9092", "9200", "9300", "10250", "10255", "11211",
          "27017-27019"
        })
        List<String> deniedPorts,
    @DefaultValue("auto") List<String> networks,
    @Nullable URI proxy) {

  public EgressProperties {
    hosts = List.copyOf(hosts);
    ports = List.copyOf(ports);
    deniedPorts = List.copyOf(deniedPorts);
    networks = List.copyOf(networks);
    hosts.forEach(HostPattern::parse);
    PortSet.parse("sluice.attempt.egress.ports", ports);
    PortSet.parse("sluice.attempt.egress.denied-ports", deniedPorts);
    Networks.parse(networks, false);
    if (proxy != null) {
      var _ = new EgressProxy(proxy);
    }
  }

  /** Without the login of the proxy. */
  @Override
  public String toString() {
    return "EgressProperties[hosts="
        + hosts
        + ", ports="
        + ports
        + ", networks="
        + networks
        + ", proxy="
        + (proxy == null ? "none" : new EgressProxy(proxy))
        + ']';
  }
}
