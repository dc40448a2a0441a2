package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.intake.UrlReader.Address;
import java.net.URI;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UrlReaderTests {

  private final UrlReader reader = new UrlReader();

  @ParameterizedTest
  @CsvSource({
    "http://a.example/x, http:a.example:80, /x",
    "https://a.example, https:a.example:443, /",
    "HTTPS://A.Example:8443/X?y=Z, https:a.example:8443, /X?y=Z",
    "http://a.example?q=1, http:a.example:80, /?q=1",
    "http://localhost:9/%20, http:localhost:9, /%20",
    "http://10.0.0.1/, http:10.0.0.1:80, /",
    "http://[::1]:8080/a, http:[::1]:8080, /a",
    "http://[0:0:0:0:0:0:0:1]/a, http:[::1]:80, /a",
    "http://[2001:DB8:0:0:1:0:0:1]/, http:[2001:db8::1:0:0:1]:80, /",
    "http://a.example/x?f[a]=1&e=, http:a.example:80, /x?f[a]=1&e=",
    "http://a-b.xn--bcher-kva.example/~u;p=1/*, http:a-b.xn--bcher-kva.example:80, /~u;p=1/*",
    "http://a.example/..x/.y/z..., http:a.example:80, /..x/.y/z...",
    "http://a.example/?p=/../, http:a.example:80, /?p=/../",
  })
  void takesAUrlApart(String url, String key, String target) {
    Address address = reader.read(url);

    assertThat(address).as(reader.problem()).isNotNull();
    assertThat(address.destination().key()).isEqualTo(key);
    assertThat(address.target()).isEqualTo(target);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a.example/x",
        "/x",
        "//a.example/x",
        "ftp://a.example/x",
        "file:///etc/passwd",
        "http:/a.example",
        "http:a.example",
        "http://",
        "http:///x",
        "http://?x",
        "http://user@a.example/",
        "http://user:secret@a.example/",
        "http://a.example@b.example/",
        "http://a.example/#f",
        "http://a.example#f",
        "http://a.example:0/",
        "http://a.example:65536/",
        "http://a.example:/",
        "http://a.example:8x/",
        "http://a.example:-1/",
        "http://a.example:000080/",
        "http://2130706433/",
        "http://127.1/",
        "http://0/",
        "http://0x7f.0.0.1/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.01/",
        "http://127.0.0.256/",
        "http://127.0.0.1./",
        "http://a.1/",
        "http://1.2.3.4.5/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1/",
        "http://::1/",
        "http://[]/",
        "http://[127.0.0.1]/",
        "http://[[::1]]/",
        "http://[]]/",
        "http://-a.example/",
        "http://a-.example/",
        "http://a..example/",
        "http://.example/",
        "http://a_b.example/",
        "http://b\u00fccher.example/",
        "http://a%2eexample/",
        "http://a.example\\b/",
        "http://a.example/\\b",
        "http://a.example/a b",
        "http://a.example/a\tb",
        "http://a.example/a\r\nHost: b",
        "http://a.example/\u0000",
        "http://a.example/\u00fc",
        "http://a.example/{id}",
        "http://a.example/a|b",
        "http://a.example/[a]",
        "http://a.example/\"",
        "http://a.example/<",
        "http://a.example/%",
        "http://a.example/%2",
        "http://a.example/%zz",
        "http://a.example/%\uff11\uff11",
        "http://a.example/..",
        "http://a.example/a/../b",
        "http://a.example/a/./b",
        "http://a.example/%2e%2E/b",
        "http://a.example/.%2e?x",
        " http://a.example/",
        "http://a.example/ ",
        "http://a.example /",
        "http://a.exa\u2024mple/",
      })
  void refusesWhatReadersDisagreeOn(String url) {
    assertThat(reader.read("http://good.example/x")).isNotNull();

    assertThat(reader.read(url)).isNull();
    assertThat(reader.problem()).isNotEmpty();
  }

  @Test
  void boundsTheLength() {
    String url = "http://a.example/" + "x".repeat(UrlReader.MAX_URL - 17);

    assertThat(reader.read(url)).isNotNull();
    assertThat(reader.read(url + "x")).isNull();
    assertThat(reader.read("http://" + "a".repeat(64) + ".example/")).isNull();
    assertThat(reader.read("http://" + "a.".repeat(126) + "ab/")).isNull();
  }

  @Test
  void aRememberedOriginIsNoPrefixOfAnother() {
    assertThat(reader.read("http://a.example/x")).isNotNull();

    assertThat(reader.read("http://a.example.evil/x").destination().host())
        .isEqualTo("a.example.evil");
    assertThat(reader.read("http://a.example:81/x").destination().port()).isEqualTo(81);
    assertThat(reader.read("http://a.example@b/x")).isNull();
  }

  @Test
  void whateverIsAcceptedMeansTheSameToJavaNetUri() {
    Random random = new Random(7);
    String[] parts = {
      "http://",
      "https://",
      "HTTP://",
      "a",
      "b.c",
      "1",
      "127.0.0.1",
      "[::1]",
      ":",
      "80",
      "/",
      "?",
      "%41",
      "%2e",
      ".",
      "..",
      "-",
      "_",
      "~",
      "x=1",
      "&",
      ";",
      "@",
      "#",
      "[",
      "]",
      "\\",
      " ",
      "é"
    };
    int accepted = 0;
    for (int round = 0; round < 300_000; round++) {
      StringBuilder url = new StringBuilder(parts[random.nextInt(3)]);
      for (int i = random.nextInt(7); i >= 0; i--) {
        url.append(parts[random.nextInt(3, parts.length)]);
      }
      Address address = reader.read(url.toString());
      if (address != null) {
        accepted++;
        requireSame(url.toString(), address);
      }
    }
    assertThat(accepted).isGreaterThan(10_000);
  }

  private static void requireSame(String url, Address address) {
    URI uri = URI.create(url);
    assertThat(uri.getHost()).as(url).isNotNull();
    assertThat(uri.getHost().toLowerCase(Locale.ROOT)).isEqualTo(address.destination().host());
    boolean https = url.toLowerCase(Locale.ROOT).startsWith("https");
    int port = uri.getPort() < 0 ? https ? 443 : 80 : uri.getPort();
    assertThat(port).as(url).isEqualTo(address.destination().port());
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    assertThat(path + query).as(url).isEqualTo(address.target());
    assertThat(uri.getRawUserInfo()).isNull();
    assertThat(path.split("/")).as(url).doesNotContain(".", "..");
  }
}
