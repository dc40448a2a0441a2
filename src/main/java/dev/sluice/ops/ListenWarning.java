package dev.sluice.ops;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.event.EventListener;

/** Says at start when others can reach a port that asks nobody who they are. */
final class ListenWarning {

  private static final Logger log = LoggerFactory.getLogger(ListenWarning.class);

  private final @Nullable InetAddress api;
  private final @Nullable InetAddress management;

  /** Null stands for every address of the machine. */
  ListenWarning(@Nullable InetAddress api, @Nullable InetAddress management) {
    this.api = api;
    this.management = management;
  }

  @EventListener(ApplicationStartedEvent.class)
  void warn() {
    warn("API", "server.address", api);
    warn("management port", "management.server.address", management);
  }

  private static void warn(String what, String key, @Nullable InetAddress address) {
    if (address == null || !address.isLoopbackAddress()) {
      log.atWarn()
          .addKeyValue(key, address == null ? "any" : address.getHostAddress())
          .log(
              "The {} listens beyond loopback and there is no authentication yet: whoever reaches it"
                  + " controls it. Let only trusted networks in, or set {}=127.0.0.1.",
              what,
              key);
    }
  }
}
