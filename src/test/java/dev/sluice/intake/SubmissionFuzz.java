package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Quotas;
import dev.sluice.fuzz.FuzzContract;
import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.ProcessClock;
import dev.sluice.secrets.Keyrings;
import java.io.ByteArrayInputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Submissions of one format: what is taken may be sent as it is, what is refused has a code. */
abstract class SubmissionFuzz extends FuzzContract {

  private static final UploadResources RESOURCES =
      UploadResources.of(
          TestLimits.withMaxItem(4096),
          ProcessClock.system(),
          Quotas.NONE,
          Keyrings.of(Keyrings.key(1)));

  static void read(SubmissionFormat format, byte[] input, @Nullable String query) {
    try {
      ContentStream content =
          ContentStream.open(
              new ByteArrayInputStream(input),
              false,
              RESOURCES.limits(),
              RESOURCES.clock(),
              "seed");
      SubmissionBody body = format.submission(content, QueryString.of(query), RESOURCES.limits());
      BatchHead head = body.head();
      if (!head.open()) {
        ItemIntake.read(body, head.template(), 0, RESOURCES, SubmissionFuzz::requireSendable);
      }
    } catch (ApiProblem refused) {
      assertThat(refused.status()).isBetween(400, 499);
      assertThat(refused.code()).matches("[a-z0-9_]+");
    }
  }

  private static void requireSendable(Destination destination, Item item) {
    String url = destination.origin() + item.request().target();
    UrlReader.Address again = new UrlReader().read(url);
    assertThat(again).as(url).isNotNull();
    assertThat(again.destination()).isEqualTo(destination);
    assertThat(again.target()).isEqualTo(item.request().target());
    for (Header header : item.request().headers()) {
      assertThat(HeaderRules.nameProblem(header.name())).isNull();
      assertThat(header.sealed() ? null : HeaderRules.valueProblem(header.value())).isNull();
      assertThat(header.sealed()).isEqualTo(RESOURCES.secrets().isSecret(header.name()));
    }
  }

  static final List<String> ITEMS =
      List.of(
          "{\"url\":\"http://a.example/x?y=%20z\",\"method\":\"PUT\",\"id\":\"1\",\"body\":{\"a\":[1,2.5e3,null]}}",
          "{\"url\":\"https://[2001:db8::1]:8443/\",\"headers\":{\"X-A\":[\"1\",\"2\"],\"Authorization\":\"Bearer x\"},\"text\":\"h\\u00f6he\"}",
          "{\"url\":\"http://1.2.3.4\",\"form\":{\"a\":\"1\",\"b\":[\"2\",\"&\"]}}",
          "{\"url\":\"http://xn--nxasmq6b.example:81/a/b;c\",\"base64\":\"AAEC/w==\",\"method\":\"DELETE\"}");
}
