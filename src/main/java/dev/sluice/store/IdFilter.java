package dev.sluice.store;

import java.nio.charset.StandardCharsets;
import java.util.Collection;

/**
 * A Bloom filter over the client ids of a shard, so an id is found among millions of items by
 * looking at a few hundred bytes a shard. Ten bits an id and seven probes: about 1 % false answers,
 * never a missed one. The first byte is the format version.
 *
 * <p>Probes by double hashing: Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006.
 */
public final class IdFilter {

  private static final byte VERSION = 1;
  private static final int BITS_PER_ID = 10;
  private static final int PROBES = 7;

  private IdFilter() {}

  /** Gives the filter of the ids; empty when there is none. */
  public static byte[] of(Collection<String> ids) {
    if (ids.isEmpty()) {
      return new byte[0];
    }
    byte[] filter = new byte[1 + (ids.size() * BITS_PER_ID + 7) / 8];
    filter[0] = VERSION;
    for (String id : ids) {
      long hash = hash(id);
      for (int probe = 0; probe < PROBES; probe++) {
        int bit = bit(hash, probe, filter);
        filter[1 + (bit >>> 3)] |= (byte) (1 << (bit & 7));
      }
    }
    return filter;
  }

  /**
   * Tells whether the shard may hold the id; false is certain. An unknown version may hold
   * anything.
   */
  public static boolean mightContain(byte[] filter, String id) {
    if (filter.length == 0) {
      return false;
    }
    if (filter[0] != VERSION) {
      return true;
    }
    long hash = hash(id);
    for (int probe = 0; probe < PROBES; probe++) {
      int bit = bit(hash, probe, filter);
      if ((filter[1 + (bit >>> 3)] & (1 << (bit & 7))) == 0) {
        return false;
      }
    }
    return true;
  }

  private static int bit(long hash, int probe, byte[] filter) {
    int mixed = (int) hash + probe * (int) (hash >>> 32);
    return Integer.remainderUnsigned(mixed, (filter.length - 1) * 8);
  }

  /** FNV-1a with the 64-bit finaliser of MurmurHash3. */
  private static long hash(String id) {
    long hash = 0xcbf29ce484222325L;
    for (byte octet : id.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xff)) * 0x100000001b3L;
    }
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return hash ^ (hash >>> 33);
  }
}
