package dev.sluice.attempt.egress;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;

/**
 * The sockets on which this process listens: their ports on every address of the machine. Any
 * thread.
 */
public final class OwnSockets {

  private static final Logger log = LoggerFactory.getLogger(OwnSockets.class);

  private final Set<Integer> ports = ConcurrentHashMap.newKeySet();

  /** Adds the port of a server that has begun to listen, the API's and the management's. */
  @EventListener
  public void listens(WebServerInitializedEvent event) {
    listensOn(event.getWebServer().getPort());
  }

  void listensOn(int port) {
    ports.add(port);
  }

  boolean contains(byte[] address, int port) {
    return ports.contains(port) && isLocal(address);
  }

  /** Asked for own ports alone: it asks the kernel. */
  private static boolean isLocal(byte[] bytes) {
    try {
      InetAddress address = InetAddress.getByAddress(bytes);
      return address.isLoopbackAddress()
          || address.isAnyLocalAddress()
          || NetworkInterface.getByInetAddress(address) != null;
    } catch (UnknownHostException | SocketException e) {
      log.atWarn().setCause(e).log("The addresses of this machine could not be read.");
      return true;
    }
  }
}
