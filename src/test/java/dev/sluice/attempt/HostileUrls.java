package dev.sluice.attempt;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Makes URLs: plain ones, and all known ways to make one reader see another host than the next. */
final class HostileUrls {

  /** Edges of ranges that must not be reached, and public addresses beside them. */
  private static final List<String> V4 =
      List.of(
          "0.0.0.0",
          "0.255.255.255",
          "1.1.1.1",
          "8.8.8.8",
          "9.255.255.255",
          "10.0.0.0",
          "10.255.255.255",
          "11.0.0.0",
          "100.63.255.255",
          "100.64.0.0",
          "100.100.100.200",
          "100.127.255.255",
          "100.128.0.0",
          "126.255.255.255",
          "127.0.0.0",
          "127.0.0.1",
          "127.255.255.255",
          "128.0.0.0",
          "168.63.129.16",
          "169.253.255.255",
          "169.254.0.0",
          "169.254.169.254",
          "169.254.255.255",
          "169.255.0.0",
          "172.15.255.255",
          "172.16.0.0",
          "172.31.255.255",
          "172.32.0.0",
          "192.0.0.0",
          "192.0.0.192",
          "192.0.1.0",
          "192.0.2.1",
          "192.88.99.1",
          "192.168.0.0",
          "192.168.255.255",
          "192.169.0.0",
          "198.18.0.0",
          "198.19.255.255",
          "198.20.0.0",
          "198.51.100.7",
          "203.0.113.9",
          "223.255.255.255",
          "224.0.0.0",
          "239.255.255.255",
          "240.0.0.0",
          "255.255.255.255");

  private static final List<String> V6 =
      List.of(
          "::",
          "::1",
          "::2",
          "::7f00:1",
          "64:ff9b::7f00:1",
          "64:ff9b::808:808",
          "64:ff9b:1::1",
          "100::1",
          "2000::1",
          "2001::1",
          "2001:1ff::1",
          "2001:200::1",
          "2001:db8::1",
          "2001:4860:4860::8888",
          "2002:7f00:1::",
          "2002:808:808::",
          "2600::1",
          "3ffe::1",
          "3fff::1",
          "3fff:fff::1",
          "3fff:1000::1",
          "4000::1",
          "5f00::1",
          "fc00::1",
          "fd00:ec2::254",
          "fe80::1",
          "fec0::1",
          "ff02::1");

  private static final List<String> NAMES =
      List.of(
          "localhost",
          "LOCALHOST",
          "localhost.",
          "a.localhost",
          "metadata",
          "intranet",
          "metadata.google.internal",
          "metadata.google.internal.",
          "kubernetes.default.svc",
          "db.prod.svc.cluster.local",
          "printer.local",
          "vault.internal",
          "localtest.me",
          "127.0.0.1.nip.io",
          "www.example.com",
          "www.example.com.",
          "xn--bcher-kva.example",
          "b\u00fccher.example",
          "a_b.example",
          "-a.example",
          "a..example",
          ".example",
          "a%2eb.example",
          "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
          "127\u30020\u30020\u30021",
          "local\u00adhost",
          "\uff11\uff12\uff17.0.0.1",
          "1.1.1.1.example",
          "a.1",
          "0x7f.1",
          "example.com%00.localhost",
          "example.com%2f@localhost",
          "[::1",
          "::1",
          "[::1]x",
          "[v1.a]");

  private static final List<String> SCHEMES =
      List.of(
          "http://",
          "https://",
          "HTTP://",
          "hTTps://",
          "http:/",
          "http:",
          "http:\\\\",
          "http:///",
          "//",
          "ftp://",
          "gopher://",
          "file://",
          " http://",
          "http://\t",
          "ht\ntp://",
          "jar:http://");

  private static final List<String> USERS =
      List.of(
          "",
          "",
          "",
          "",
          "",
          "",
          "a@",
          "a:b@",
          "127.0.0.1@",
          "example.com\\@",
          "example.com#@",
          "example.com?@",
          "%40@",
          "@");

  private static final List<String> PORTS =
      List.of(
          "",
          "",
          "",
          ":80",
          ":443",
          ":8080",
          ":0",
          ":65535",
          ":65536",
          ":080",
          ":+80",
          ": 80",
          ":",
          ":\uff18\uff10",
          ":80:81",
          ":-1",
          ":80@localhost");

  private static final List<String> TAILS =
      List.of(
          "",
          "/",
          "/",
          "/a",
          "/a?b=c",
          "?q",
          "#f",
          "/#@localhost/",
          "/../",
          "/%2e%2e/",
          "/%0d%0aHost:%20localhost",
          "/\r\nHost: localhost",
          "\\@localhost/",
          "/\\localhost",
          "/\u0000",
          ";@localhost/",
          "&@localhost",
          "/a b",
          "/\ud83d\ude00",
          "//localhost/",
          "/?u=http://localhost/");

  private final Random random;

  HostileUrls(long seed) {
    random = new Random(seed);
  }

  String next() {
    boolean plain = random.nextInt(3) > 0;
    String scheme = plain ? SCHEMES.get(random.nextInt(2)) : pick(SCHEMES);
    String user = plain ? "" : pick(USERS);
    String port = random.nextInt(3) > 0 ? "" : pick(PORTS);
    return scheme + user + host() + port + (plain ? "/" : pick(TAILS));
  }

  private String host() {
    return switch (random.nextInt(10)) {
      case 0, 1, 2 -> v4(v4Bytes());
      case 3, 4 -> v6();
      case 5, 6 -> pick(NAMES);
      default -> "h" + random.nextInt(1_000_000) + ".example.com";
    };
  }

  private byte[] v4Bytes() {
    if (random.nextInt(4) == 0) {
      byte[] any = new byte[4];
      random.nextBytes(any);
      return any;
    }
    return InetAddress.ofLiteral(pick(V4)).getAddress();
  }

  private String v4(byte[] a) {
    long all = Integer.toUnsignedLong(java.nio.ByteBuffer.wrap(a).getInt());
    String dotted = (a[0] & 255) + "." + (a[1] & 255) + "." + (a[2] & 255) + "." + (a[3] & 255);
    String hex = String.format("%02x%02x:%02x%02x", a[0], a[1], a[2], a[3]);
    return switch (random.nextInt(20)) {
      case 0 -> Long.toString(all);
      case 1 -> "0x" + Long.toHexString(all);
      case 2 -> "0" + Long.toOctalString(all);
      case 3 -> (a[0] & 255) + "." + (all & 0xffffff);
      case 4 -> (a[0] & 255) + "." + (a[1] & 255) + "." + (all & 0xffff);
      case 5 -> String.format("0%o.0%o.0%o.0%o", a[0] & 255, a[1] & 255, a[2] & 255, a[3] & 255);
      case 6 ->
          String.format("0x%x.0x%x.0x%x.0x%x", a[0] & 255, a[1] & 255, a[2] & 255, a[3] & 255);
      case 7 -> dotted + ".";
      case 8 -> "0" + dotted;
      case 9 -> dotted.replace(".", "%2e");
      case 10 -> dotted.replace('.', '\u3002');
      case 11 -> "[::ffff:" + dotted + "]";
      case 12 -> "[::ffff:" + hex + "]";
      case 13 -> "[::" + dotted + "]";
      case 14 -> "[64:ff9b::" + dotted + "]";
      case 15 -> "[2002:" + hex + "::]";
      case 16 -> Long.toString(all + (1L << 32));
      case 17 -> "[" + dotted + "]";
      default -> dotted;
    };
  }

  private String v6() {
    String address = random.nextInt(4) == 0 ? anyV6() : pick(V6);
    return switch (random.nextInt(8)) {
      case 0 -> '[' + address.toUpperCase(Locale.ROOT) + ']';
      case 1 -> '[' + address + "%25eth0]";
      case 2 -> '[' + address + "%1]";
      case 3 -> "[" + InetAddress.ofLiteral(address).getHostAddress() + "]";
      default -> '[' + address + ']';
    };
  }

  private String anyV6() {
    StringBuilder text = new StringBuilder(Integer.toHexString(random.nextInt(0x10000)));
    for (int i = 1; i < 8; i++) {
      text.append(':')
          .append(Integer.toHexString(random.nextInt(3) == 0 ? 0 : random.nextInt(0x10000)));
    }
    return text.toString();
  }

  /** Gives what a name server might answer: one address or several, of any kind. */
  List<InetAddress> answers() {
    InetAddress first = answer();
    return random.nextInt(3) > 0 ? List.of(first) : List.of(first, answer());
  }

  private InetAddress answer() {
    return switch (random.nextInt(4)) {
      case 0 -> InetAddress.ofLiteral(pick(V6));
      case 1 -> InetAddress.ofLiteral(random.nextBoolean() ? "8.8.8.8" : "2600::1");
      default -> InetAddress.ofLiteral(pick(V4));
    };
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
