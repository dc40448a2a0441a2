package dev.sluice.attempt;

import dev.sluice.model.Destination;
import java.net.URI;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Remembers parsed addresses: most batches send all their items to a handful of them, and parsing
 * one costs more than all of Sluice's own decisions about an item. Direct-mapped, so bounded; what
 * is not there is parsed. Any thread.
 */
final class UrlCache {

  private static final int SIZE = 256;

  private final AtomicReferenceArray<Entry> entries = new AtomicReferenceArray<>(SIZE);

  private record Entry(Destination destination, String target, URI url) {

    boolean is(Destination otherDestination, String otherTarget) {
      return target.equals(otherTarget) && destination.equals(otherDestination);
    }
  }

  /**
   * Gives the absolute address.
   *
   * @param target path and query, as written into the request line
   */
  URI url(Destination destination, String target) {
    int slot = (destination.port() * 31 + target.hashCode()) & (SIZE - 1);
    Entry entry = entries.getAcquire(slot);
    if (entry != null && entry.is(destination, target)) {
      return entry.url;
    }
    URI url = URI.create(destination.origin() + target);
    entries.setRelease(slot, new Entry(destination, target, url));
    return url;
  }
}
