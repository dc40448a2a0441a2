package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fuzz.FuzzContract;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What is taken is read the same way by {@link URI}, and again by the reader itself. */
class UrlFuzzTests extends FuzzContract {

  private final UrlReader reader = new UrlReader();

  @Override
  protected List<String> seeds() {
    return List.of(
        "https://api.example.com:8443/a/b?c=d&e=%2F",
        "HTTP://EXAMPLE.com",
        "http://[::ffff:1.2.3.4]:80/",
        "http://192.0.2.7/x;y=z",
        "http://xn--bcher-kva.example/%C3%A9?q[]=1");
  }

  @Override
  protected void parse(byte[] input) {
    String url = new String(input, StandardCharsets.UTF_8);
    UrlReader.Address address = reader.read(url);
    if (address == null) {
      assertThat(reader.problem()).isNotEmpty();
      return;
    }
    String sent = address.destination().origin() + address.target();
    UrlReader.Address again = new UrlReader().read(sent);
    assertThat(again).as(sent).isEqualTo(address);
    // URI knows no brackets in a query, which others send as they are.
    URI uri = URI.create(sent.replace("[]", "").replaceAll("(?<=[/?].*)[\\[\\]]", ""));
    assertThat(uri.getHost()).as(sent).isEqualToIgnoringCase(address.destination().host());
    assertThat(uri.getRawUserInfo()).isNull();
  }
}
