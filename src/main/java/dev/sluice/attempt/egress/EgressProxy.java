package dev.sluice.attempt.egress;

import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import reactor.netty.http.client.HttpClient;
import reactor.netty.transport.ProxyProvider;

/**
 * The proxy that everything goes through: a tunnel by {@code CONNECT} for each connection, plain
 * HTTP too. It is asked for names, and resolves them itself. Any thread.
 */
public final class EgressProxy {

  private final String host;
  private final int port;
  private final String[] login;

  /**
   * @throws IllegalArgumentException when the address is none of a proxy
   */
  public EgressProxy(URI address) {
    String path = address.getRawPath();
    if (!"http".equals(address.getScheme())
        || address.getHost() == null
        || address.getPort() < 1
        || !(path.isEmpty() || path.equals("/"))
        || address.getRawQuery() != null) {
      throw new IllegalArgumentException(
          "sluice.attempt.egress.proxy must be http://<host>:<port>, with <user>:<password>@ before"
              + " the host where it asks for a login");
    }
    this.host = address.getHost();
    this.port = address.getPort();
    this.login =
        address.getRawUserInfo() == null ? new String[0] : address.getRawUserInfo().split(":", 2);
  }

  /** Gives the client as one that dials the proxy alone, and resolves no names. */
  public HttpClient before(HttpClient client, EgressPolicy policy) {
    Object timeout = client.configuration().options().get(ChannelOption.CONNECT_TIMEOUT_MILLIS);
    return client
        .resolver(new UnresolvedNames(policy))
        .proxy(
            spec -> {
              ProxyProvider.Builder proxy =
                  spec.type(ProxyProvider.Proxy.HTTP)
                      .host(host)
                      .port(port)
                      .connectTimeoutMillis(
                          timeout instanceof Integer millis
                              ? millis
                              : Duration.ofSeconds(5).toMillis());
              if (login.length > 0) {
                String password = login.length > 1 ? decoded(login[1]) : "";
                proxy.username(decoded(login[0])).password(_ -> password);
              }
            });
  }

  /** Tells whether it is the proxy that is dialled. */
  boolean isAt(InetSocketAddress address) {
    return address.getPort() == port && address.getHostString().equalsIgnoreCase(host);
  }

  private static String decoded(String text) {
    // A plus is itself here.
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Names no login. */
  @Override
  public String toString() {
    return host + ':' + port;
  }
}
