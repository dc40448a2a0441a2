package dev.sluice.security;

import dev.sluice.model.InboundAccess;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Decides at start who may call the API, or that it must not be called at all. */
final class StartCheck {

  private StartCheck() {}

  /**
   * Gives who may call.
   *
   * @param address where the API is about to listen; null stands for every address of the machine
   * @throws SecurityStartException when that lets strangers in and nobody said so
   */
  static InboundAccess access(@Nullable InetAddress address, SecurityProperties properties) {
    if (address != null && address.isLoopbackAddress()) {
      return InboundAccess.LOCAL;
    }
    if (properties.insecure()) {
      return InboundAccess.ANYBODY;
    }
    String shown = address == null ? "every address" : address.getHostAddress();
    throw new SecurityStartException(
        "The API would listen on "
            + shown
            + " and ask nobody who they are: whoever reaches it could send requests in your name.",
        """
        Set one of these two:
          server.address=127.0.0.1       (SERVER_ADDRESS): only this machine reaches it
          sluice.security.insecure=true  (SLUICE_SECURITY_INSECURE): everybody who reaches the port may do everything""");
  }
}
