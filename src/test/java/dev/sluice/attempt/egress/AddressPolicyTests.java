package dev.sluice.attempt.egress;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The first and the last address of every range, and their neighbours. */
class AddressPolicyTests {

  private static final int PORT = 443;

  private final OwnSockets own = new OwnSockets();
  private final AddressPolicy strict = policy(List.of("none"), false);

  private AddressPolicy policy(List<String> networks, boolean onLoopback) {
    return new AddressPolicy(Networks.parse(networks, onLoopback), own);
  }

  private static boolean allows(AddressPolicy policy, String address) {
    return policy.refusal(bytes(address), PORT) == null;
  }

  private static byte[] bytes(String address) {
    return InetAddress.ofLiteral(address).getAddress();
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, 0.255.255.255",
    "10.0.0.0, 10.255.255.255",
    "100.64.0.0, 100.127.255.255",
    "127.0.0.0, 127.255.255.255",
    "169.254.0.0, 169.254.255.255",
    "172.16.0.0, 172.31.255.255",
    "192.0.0.0, 192.0.0.255",
    "192.0.2.0, 192.0.2.255",
    "192.88.99.0, 192.88.99.255",
    "192.168.0.0, 192.168.255.255",
    "198.18.0.0, 198.19.255.255",
    "198.51.100.0, 198.51.100.255",
    "203.0.113.0, 203.0.113.255",
    "224.0.0.0, 239.255.255.255",
    "240.0.0.0, 255.255.255.255",
    "168.63.129.16, 168.63.129.16",
    "100.100.100.200, 100.100.100.200",
    "::, ::ffff",
    "::1, ::1",
    "64:ff9b::, 64:ff9b::ffff:ffff",
    "64:ff9b:1::, 64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "100::, 100::ffff:ffff:ffff:ffff",
    "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 1fff::",
    "2001::, 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::, 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002::, 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff::, 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
    "4000::, 4000::1",
    "5f00::, 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fc00::, fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fd00:ec2::254, fd00:ec2::23",
    "fe80::, febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fec0::, feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "ff00::, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  })
  void deniesWhatIsNotPublic(String first, String last) {
    assertThat(allows(strict, first)).as(first).isFalse();
    assertThat(allows(strict, last)).as(last).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.1.255",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::",
        "2001:200::",
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
        "2003::",
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff:1000::",
      })
  void allowsTheirPublicNeighbours(String address) {
    assertThat(strict.refusal(bytes(address), PORT)).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "255.255.255.255"})
  void seesThroughIpv6Dress(String v4) throws Exception {
    byte[] inner = bytes(v4);
    for (AddressPolicy policy : List.of(strict, policy(List.of("::/0"), false))) {
      assertThat(refuses(policy, mapped(inner))).isTrue();
      assertThat(refuses(policy, embedded("64:ff9b::", 12, inner))).isTrue();
      assertThat(refuses(policy, embedded("2002::", 2, inner))).isTrue();
    }
  }

  @Test
  void aMappedPublicAddressIsPublic() {
    assertThat(refuses(strict, mapped(bytes("8.8.8.8")))).isFalse();
    AddressPolicy translated = policy(List.of("64:ff9b::/96"), false);
    assertThat(refuses(translated, embedded("64:ff9b::", 12, bytes("8.8.8.8")))).isFalse();
  }

  private static boolean refuses(AddressPolicy policy, byte[] address) {
    return policy.refusal(address, PORT) != null;
  }

  private static byte[] mapped(byte[] v4) {
    byte[] address = new byte[16];
    Arrays.fill(address, 10, 12, (byte) -1);
    System.arraycopy(v4, 0, address, 12, 4);
    return address;
  }

  private static byte[] embedded(String prefix, int at, byte[] v4) {
    byte[] address = bytes(prefix);
    System.arraycopy(v4, 0, address, at, 4);
    return address;
  }

  @Test
  void judgesTheBytesOfAnAddressThatNettyMadeAndNotItsClass() throws Exception {
    InetAddress dressed = Inet6Address.getByAddress(null, mapped(bytes("127.0.0.1")), -1);
    assertThat(dressed.isLoopbackAddress()).as("what the JDK says").isFalse();
    assertThat(strict.refusal(new InetSocketAddress(dressed, PORT))).contains("loopback");
  }

  @Test
  void whileBoundToLoopbackThisMachineAndPrivateNetworksMayBeReached() {
    AddressPolicy local = policy(List.of("auto"), true);
    for (String address : List.of("127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.16.0.1")) {
      assertThat(allows(local, address)).as(address).isTrue();
    }
    assertThat(allows(local, "192.168.1.1")).isTrue();
    assertThat(allows(local, "fd12::1")).isTrue();
    for (String address :
        List.of("0.0.0.0", "::", "169.254.169.254", "fd00:ec2::254", "100.64.0.1", "224.0.0.1")) {
      assertThat(allows(local, address)).as(address).isFalse();
    }
  }

  @Test
  void boundToMoreThanLoopbackNothingOfThatMay() {
    AddressPolicy open = policy(List.of("auto"), false);
    for (String address : List.of("127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd12::1")) {
      assertThat(allows(open, address)).as(address).isFalse();
    }
  }

  @Test
  void listedNetworksMayBeReachedAndOnlyThey() {
    AddressPolicy listed = policy(List.of("10.20.0.0/16", "169.254.169.254"), false);
    assertThat(allows(listed, "10.20.0.0")).isTrue();
    assertThat(allows(listed, "10.20.255.255")).isTrue();
    assertThat(allows(listed, "10.19.255.255")).isFalse();
    assertThat(allows(listed, "10.21.0.0")).isFalse();
    assertThat(allows(listed, "169.254.169.254")).isTrue();
    assertThat(allows(listed, "169.254.169.253")).isFalse();
  }

  @Test
  void neverSendsToItselfOnAnyAddressOfTheMachine() throws Exception {
    AddressPolicy open = policy(List.of("loopback", "private", "0.0.0.0/0", "::/0"), true);
    own.listensOn(PORT);
    assertThat(refuses(open, mapped(bytes("127.0.0.1")))).isTrue();
    assertThat(allows(open, "0.0.0.0")).isFalse();
    assertThat(allows(open, "::")).isFalse();
    assertThat(allows(open, "8.8.8.8")).isTrue();
    for (NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
      each.inetAddresses()
          .forEach(
              address -> {
                byte[] bytes = address.getAddress();
                assertThat(open.refusal(bytes, PORT)).as("%s", address).contains("itself");
                assertThat(open.refusal(bytes, PORT + 1)).as("%s", address).isNull();
              });
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "ten", "fc00::1/7", ""})
  void aNetworkThatIsNoneStopsTheStart(String network) {
    assertThat(
            org.assertj.core.api.Assertions.catchThrowable(
                () -> Networks.parse(List.of(network), true)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("10.20.0.0/16");
  }
}
