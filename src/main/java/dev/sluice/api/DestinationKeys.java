package dev.sluice.api;

import dev.sluice.model.Destination;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/** Reads destination keys of paths. */
public final class DestinationKeys {

  private DestinationKeys() {}

  /**
   * Gives the destination of a key such as {@code https:api.example.com:443}.
   *
   * @throws ApiProblem 400 {@code invalid_destination} when it is none
   */
  public static Destination parse(String key) {
    try {
      Destination destination = Destination.parse(key.toLowerCase(Locale.ROOT));
      if (destination.host().equals(new URI(destination.origin()).getHost())) {
        return destination;
      }
    } catch (IllegalArgumentException | URISyntaxException _) {
      throw invalid(key);
    }
    throw invalid(key);
  }

  private static ApiProblem invalid(String key) {
    return new ApiProblem(
        400,
        "invalid_destination",
        "A destination is named scheme:host:port, for example https:api.example.com:443, was "
            + key);
  }
}
