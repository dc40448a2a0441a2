package dev.sluice.attempt;

import dev.sluice.attempt.egress.EgressDeniedException;
import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.model.Destination;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Remembers parsed addresses of destinations that may be sent to: most batches send all their items
 * to a handful of them, and parsing one costs more than all of Sluice's own decisions about an
 * item. Direct-mapped, so bounded; what is not there is parsed. Any thread.
 */
final class UrlCache {

  private static final int SIZE = 256;

  private final AtomicReferenceArray<Entry> entries = new AtomicReferenceArray<>(SIZE);
  private final EgressPolicy egress;
  private final OutboundRoutes routes;

  UrlCache(EgressPolicy egress, OutboundRoutes routes) {
    this.egress = egress;
    this.routes = routes;
  }

  /**
   * An address, and who sends to it.
   *
   * @param route to its destination
   */
  record Entry(Destination destination, String target, URI url, OutboundRoutes.Route route) {

    boolean is(Destination otherDestination, String otherTarget) {
      return target.equals(otherTarget) && destination.equals(otherDestination);
    }
  }

  /**
   * Gives the absolute address and who sends to it.
   *
   * @param target path and query, as written into the request line
   * @throws UnsendableException when it cannot be written as it is
   * @throws EgressDeniedException when nothing may be sent to the destination
   */
  Entry entry(Destination destination, String target) {
    int slot = (destination.port() * 31 + target.hashCode()) & (SIZE - 1);
    Entry entry = entries.getAcquire(slot);
    if (entry != null && entry.is(destination, target)) {
      return entry;
    }
    egress.check(destination);
    if (!isSendable(target)) {
      throw new UnsendableException("The URL of the item holds what no URL may hold");
    }
    URI url = parse(destination, target);
    entry = new Entry(destination, target, url, routes.to(destination));
    entries.setRelease(slot, entry);
    return entry;
  }

  private static URI parse(Destination destination, String target) {
    try {
      return new URI(destination.origin() + target);
    } catch (URISyntaxException e) {
      throw new UnsendableException("The URL of the item holds what no URL may hold");
    }
  }

  /** Asked again here: what is stored may have been written by another version. */
  private static boolean isSendable(String target) {
    for (int i = 0; i < target.length(); i++) {
      char c = target.charAt(i);
      if (c <= ' ' || c >= 0x7f) {
        return false;
      }
    }
    return target.startsWith("/");
  }
}
