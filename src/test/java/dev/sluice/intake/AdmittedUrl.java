package dev.sluice.intake;

import dev.sluice.model.Destination;
import org.jspecify.annotations.Nullable;

/**
 * A URL that intake let in, for tests of what is done with it.
 *
 * @param destination where it leads
 * @param target path and query
 */
public record AdmittedUrl(Destination destination, String target) {

  /** Gives what intake makes of the URL; null when it refuses it. */
  public static @Nullable AdmittedUrl read(String url) {
    UrlReader.Address address = new UrlReader().read(url);
    return address == null ? null : new AdmittedUrl(address.destination(), address.target());
  }
}
