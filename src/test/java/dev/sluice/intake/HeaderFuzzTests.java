package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fuzz.FuzzContract;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What is taken is no two fields, and Netty takes it too. */
class HeaderFuzzTests extends FuzzContract {

  @Override
  protected List<String> seeds() {
    return List.of(
        "X-Trace:abc",
        "Content-Type:application/json; charset=utf-8",
        "Cookie:a=b; c=d",
        "X:\t é",
        "Transfer-Encoding:chunked",
        "A:b\r\nHost:evil.example");
  }

  @Override
  protected void parse(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    String value = colon < 0 ? "" : text.substring(colon + 1);
    if (HeaderRules.nameProblem(name) == null && HeaderRules.valueProblem(value) == null) {
      assertThat(name).matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
      assertThat(value).doesNotContain("\r", "\n", "\0");
      assertThat(new DefaultHttpHeaders().add(name, value).get(name)).isEqualTo(value);
    }
  }
}
