package dev.sluice.security;

import dev.sluice.model.ProcessClock;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many refused credentials an address may show in a second. A lock guards the map, whose size
 * is bounded: the address that was seen longest ago is forgotten. Any thread.
 */
final class FailureLimit {

  private static final int MAX_ADDRESSES = 10_000;
  private static final long SECOND = 1_000_000_000L;
  private static final int NETWORK_BYTES = 8;

  private final int perSecond;
  private final ProcessClock clock;
  private final Map<String, Window> windows =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Window> eldest) {
          return size() > MAX_ADDRESSES;
        }
      };

  /** A second of an address. */
  private record Window(long since, int failures) {}

  FailureLimit(int perSecond, ProcessClock clock) {
    this.perSecond = perSecond;
    this.clock = clock;
  }

  /** Tells whether an address has used up its second. */
  boolean isExhausted(String address) {
    synchronized (windows) {
      Window window = windows.get(group(address));
      return window != null
          && clock.nanoTime() - window.since < SECOND
          && window.failures >= perSecond;
    }
  }

  /** Counts a failure; false when the second was used up before. */
  boolean count(String address) {
    long now = clock.nanoTime();
    synchronized (windows) {
      Window counted =
          windows.compute(
              group(address),
              (_, before) ->
                  before == null || now - before.since >= SECOND
                      ? new Window(now, 1)
                      : new Window(before.since, before.failures + 1));
      return counted.failures <= perSecond;
    }
  }

  /** One household has a whole /64 of IPv6. */
  private static String group(String address) {
    try {
      return InetAddress.ofLiteral(address) instanceof Inet6Address six
          ? Arrays.toString(Arrays.copyOf(six.getAddress(), NETWORK_BYTES))
          : address;
    } catch (IllegalArgumentException _) {
      return address;
    }
  }
}
