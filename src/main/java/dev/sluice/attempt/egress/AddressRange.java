package dev.sluice.attempt.egress;

import java.net.InetAddress;

/**
 * A range of addresses that begin with the same bits.
 *
 * @param network 4 or 16 bytes, those behind the prefix are zero; never changed by anyone
 * @param prefixBits how many bits are the same
 * @param kind what lies there, for people
 */
record AddressRange(byte[] network, int prefixBits, String kind) {

  /** Gives the range of {@code 10.0.0.0/8} or {@code fc00::/7}, or of one address. */
  static AddressRange parse(String text, String kind) {
    int slash = text.indexOf('/');
    try {
      byte[] network =
          InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash)).getAddress();
      int bits = slash < 0 ? network.length * 8 : Integer.parseInt(text.substring(slash + 1));
      AddressRange range = new AddressRange(network, bits, kind);
      if (bits >= 0 && bits <= network.length * 8 && range.isWithoutRest()) {
        return range;
      }
    } catch (IllegalArgumentException e) {
      // Told below, as a range whose bits do not fit.
    }
    throw new IllegalArgumentException(
        "A network is an address and the bits of its prefix, such as 10.20.0.0/16, was " + text);
  }

  private boolean isWithoutRest() {
    for (int bit = prefixBits; bit < network.length * 8; bit++) {
      if ((network[bit / 8] >> (7 - bit % 8) & 1) != 0) {
        return false;
      }
    }
    return true;
  }

  boolean contains(byte[] address) {
    if (address.length != network.length) {
      return false;
    }
    int whole = prefixBits / 8;
    for (int i = 0; i < whole; i++) {
      if (address[i] != network[i]) {
        return false;
      }
    }
    int rest = prefixBits % 8;
    return rest == 0 || (address[whole] ^ network[whole]) >> (8 - rest) == 0;
  }
}
