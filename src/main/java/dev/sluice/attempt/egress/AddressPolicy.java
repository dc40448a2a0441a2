package dev.sluice.attempt.egress;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which addresses may be dialled, by their bytes: whatever class holds them and however they were
 * written. The ranges are those of the IANA special-purpose registries (RFC 6890 and its updates)
 * and the addresses of cloud metadata services. Any thread.
 */
final class AddressPolicy {

  private static final String METADATA = "metadata service";
  private static final String LOOPBACK = "loopback";
  private static final String PRIVATE = "private network";
  private static final String RESERVED = "reserved";
  private static final String TRANSITION = "IPv6 transition";

  private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

  /** Reachable by no word, only when an operator lists them. */
  private static final List<AddressRange> METADATA_SERVICES =
      List.of(
          AddressRange.parse("169.254.0.0/16", METADATA),
          AddressRange.parse("168.63.129.16/32", METADATA),
          AddressRange.parse("100.100.100.200/32", METADATA),
          AddressRange.parse("192.0.0.192/32", METADATA),
          AddressRange.parse("fd00:ec2::/32", METADATA),
          AddressRange.parse("fd20:ce::254", METADATA),
          AddressRange.parse("fd00:c1::a9fe:a9fe", METADATA),
          AddressRange.parse("fe80::/10", "link-local"));

  private static final List<AddressRange> OF_LOOPBACK =
      List.of(AddressRange.parse("127.0.0.0/8", LOOPBACK), AddressRange.parse("::1", LOOPBACK));

  private static final List<AddressRange> OF_PRIVATE_NETWORKS =
      List.of(
          AddressRange.parse("10.0.0.0/8", PRIVATE),
          AddressRange.parse("172.16.0.0/12", PRIVATE),
          AddressRange.parse("192.168.0.0/16", PRIVATE),
          AddressRange.parse("fc00::/7", PRIVATE));

  private static final AddressRange NAT64 = AddressRange.parse("64:ff9b::/96", TRANSITION);
  private static final AddressRange SIX_TO_FOUR = AddressRange.parse("2002::/16", TRANSITION);

  private static final List<AddressRange> SPECIAL =
      List.of(
          AddressRange.parse("0.0.0.0/8", "unspecified"),
          AddressRange.parse("100.64.0.0/10", PRIVATE),
          AddressRange.parse("192.0.0.0/24", RESERVED),
          AddressRange.parse("192.0.2.0/24", RESERVED),
          AddressRange.parse("192.88.99.0/24", TRANSITION),
          AddressRange.parse("198.18.0.0/15", RESERVED),
          AddressRange.parse("198.51.100.0/24", RESERVED),
          AddressRange.parse("203.0.113.0/24", RESERVED),
          AddressRange.parse("224.0.0.0/4", "multicast"),
          AddressRange.parse("240.0.0.0/4", RESERVED),
          AddressRange.parse("2001::/23", TRANSITION),
          AddressRange.parse("2001:db8::/32", RESERVED),
          SIX_TO_FOUR,
          AddressRange.parse("3fff::/20", RESERVED),
          NAT64,
          AddressRange.parse("64:ff9b:1::/48", TRANSITION),
          AddressRange.parse("ff00::/8", "multicast"));

  /** All that is given out of IPv6. */
  private static final AddressRange GLOBAL_UNICAST = AddressRange.parse("2000::/3", "public");

  private final Networks networks;
  private final OwnSockets own;

  AddressPolicy(Networks networks, OwnSockets own) {
    this.networks = networks;
    this.own = own;
  }

  /** Tells why the address must not be dialled; null when it may. */
  @Nullable String refusal(InetSocketAddress dialled) {
    InetAddress address = dialled.getAddress();
    if (address == null) {
      return "An address that is not resolved is not dialled";
    }
    return refusal(address.getAddress(), dialled.getPort());
  }

  /** Tells why the address must not be dialled; null when it may. */
  @Nullable String refusal(byte[] written, int port) {
    byte[] address = unmapped(written);
    if (own.contains(address, port)) {
      return "Sluice does not send to itself";
    }
    String kind = isListed(address) ? null : kind(address);
    if (kind != null) {
      return "Addresses of this kind are not allowed here: " + kind;
    }
    byte[] embedded = embedded(address);
    return embedded == null ? null : refusal(embedded, port);
  }

  private boolean isListed(byte[] address) {
    return find(networks.listed(), address) != null;
  }

  private @Nullable String kind(byte[] address) {
    AddressRange found = find(METADATA_SERVICES, address);
    if (found != null) {
      return found.kind();
    }
    if (find(OF_LOOPBACK, address) != null) {
      return networks.loopback() ? null : LOOPBACK;
    }
    if (find(OF_PRIVATE_NETWORKS, address) != null) {
      return networks.privateOnes() ? null : PRIVATE;
    }
    found = find(SPECIAL, address);
    if (found != null) {
      return found.kind();
    }
    return address.length == 16 && !GLOBAL_UNICAST.contains(address) ? RESERVED : null;
  }

  private static @Nullable AddressRange find(List<AddressRange> ranges, byte[] address) {
    for (AddressRange range : ranges) {
      if (range.contains(address)) {
        return range;
      }
    }
    return null;
  }

  /** Gives the IPv4 address in IPv6 dress as what it is. */
  private static byte[] unmapped(byte[] address) {
    boolean mapped =
        address.length == 16 && Arrays.equals(address, 0, MAPPED.length, MAPPED, 0, MAPPED.length);
    return mapped ? Arrays.copyOfRange(address, MAPPED.length, 16) : address;
  }

  /** Gives the IPv4 address that a translator would dial in the end; null when there is none. */
  private static byte @Nullable [] embedded(byte[] address) {
    if (NAT64.contains(address)) {
      return Arrays.copyOfRange(address, 12, 16);
    }
    return SIX_TO_FOUR.contains(address) ? Arrays.copyOfRange(address, 2, 6) : null;
  }
}
