package dev.sluice.ops;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.event.EventListener;

/** Says at start when others can reach the management port, which asks nobody who they are. */
final class ListenNotice {

  private static final Logger log = LoggerFactory.getLogger(ListenNotice.class);

  private final @Nullable InetAddress management;

  /** Null stands for every address of the machine. */
  ListenNotice(@Nullable InetAddress management) {
    this.management = management;
  }

  @EventListener(ApplicationStartedEvent.class)
  void tell() {
    if (management == null || !management.isLoopbackAddress()) {
      log.atInfo()
          .addKeyValue(
              "management.server.address", management == null ? "any" : management.getHostAddress())
          .log(
              "The management port listens beyond loopback: whoever reaches it reads health and"
                  + " metrics, with the names of the busiest destinations, and nothing else.");
    }
  }
}
