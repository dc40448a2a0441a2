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
   * @throws SecurityStartException when that lets strangers in and nobody said so, or both was said
   */
  static InboundAccess access(@Nullable InetAddress address, SecurityProperties properties) {
    if (properties.asks()) {
      if (properties.insecure()) {
        throw new SecurityStartException(
            "sluice.security.insecure contradicts the keys or the issuer under sluice.security.",
            "Take one of them out.");
      }
      return InboundAccess.AUTHENTICATED;
    }
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
        Either let it know who may come in, with what this prints, or keep it on this machine:
          java -jar sluice.jar new-key <client>
          server.address=127.0.0.1       (SERVER_ADDRESS)
        Only where everybody who reaches the port may do everything: sluice.security.insecure=true""");
  }
}
