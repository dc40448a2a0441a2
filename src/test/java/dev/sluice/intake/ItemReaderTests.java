package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.InputError;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.ItemSecrets;
import dev.sluice.model.OutboundRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ItemReaderTests {

  private static final String URL = "\"url\":\"http://a.example/x\"";

  private final List<Item> items = new ArrayList<>();
  private final ErrorLog errors = new ErrorLog();

  private ItemReader reader(String template) {
    return new ItemReader(
        Template.stored(template, ItemSecrets.NONE),
        errors,
        100,
        1_000,
        (_, item) -> items.add(item));
  }

  private void read(ItemReader reader, String json) {
    // Somewhere inside a buffer, as in life.
    byte[] bytes = ("xx" + json + "yy").getBytes(StandardCharsets.UTF_8);
    errors.atLine(7, 3);
    reader.read(bytes, 2, bytes.length - 2, 3);
  }

  private OutboundRequest accepted(String template, String json) {
    items.clear();
    read(reader(template), json);
    assertThat(errors.toProblem()).isNull();
    return items.getLast().request();
  }

  private InputError refused(String json) {
    read(reader(null), json);
    ApiProblem problem = errors.toProblem();
    assertThat(problem).as(json).isNotNull();
    assertThat(items).isEmpty();
    return problem.errors().getFirst();
  }

  private static String text(OutboundRequest request) {
    return new String(request.body(), StandardCharsets.UTF_8);
  }

  @Test
  void readsAnItem() {
    OutboundRequest request =
        accepted(
            null,
            "{\"id\":\"o-1\","
                + URL
                + ",\"method\":\"PUT\",\"headers\":{\"X-A\":\"1\",\"X-B\":[\"2\",\"3\"]},"
                + "\"body\":{\"n\":1}}");

    assertThat(items.getLast().index()).isEqualTo(103);
    assertThat(items.getLast().id()).isEqualTo("o-1");
    assertThat(request.method()).isEqualTo("PUT");
    assertThat(request.target()).isEqualTo("/x");
    assertThat(request.headers())
        .containsExactly(new Header("X-A", "1"), new Header("X-B", "2"), new Header("X-B", "3"));
    assertThat(request.bodyKind()).isEqualTo(BodyKind.JSON);
    assertThat(text(request)).isEqualTo("{\"n\":1}");
  }

  @Test
  void postsWithoutBodyUnlessToldOtherwise() {
    OutboundRequest request = accepted(null, '{' + URL + ",\"id\":null,\"headers\":null}");

    assertThat(request.method()).isEqualTo("POST");
    assertThat(request.bodyKind()).isEqualTo(BodyKind.NONE);
    assertThat(request.body()).isEmpty();
    assertThat(items.getLast().id()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{ \"a\" :  1.00, \"b\":[1e400, -0.0 ,12345678901234567890123] }",
        "[]",
        "\"\\u00e9\\ud800 é 😀\"",
        "\"\"",
        "0",
        "-1.50E+2",
        "123456789",
        "true",
        "null",
        "{}"
      })
  void keepsAJsonBodyByteForByte(String body) {
    for (String after : new String[] {"}", " }", ",\"id\":\"x\"}", " , \"id\":\"x\"}"}) {
      OutboundRequest request = accepted(null, "{" + URL + ",\"body\": " + body + after);

      assertThat(text(request)).isEqualTo(body);
      assertThat(request.bodyKind()).isEqualTo(BodyKind.JSON);
    }
  }

  @Test
  void encodesTheOtherBodies() {
    OutboundRequest form =
        accepted(
            null,
            "{" + URL + ",\"form\":{\"a b\":\"c&d=é\",\"n\":1.50,\"t\":true,\"l\":[\"x\",2]}}");
    assertThat(text(form)).isEqualTo("a+b=c%26d%3D%C3%A9&n=1.50&t=true&l=x&l=2");
    assertThat(form.bodyKind()).isEqualTo(BodyKind.FORM);
    assertThat(text(accepted(null, "{" + URL + ",\"text\":\"é\\n\"}"))).isEqualTo("é\n");
    assertThat(accepted(null, "{" + URL + ",\"base64\":\"AP+A\"}").body())
        .containsExactly(0, 0xff, 0x80);
  }

  @Test
  void laysAnItemOverItsTemplate() {
    String template =
        "{\"url\":\"http://t.example/t\",\"method\":\"PUT\",\"text\":\"t\","
            + "\"headers\":{\"X-A\":\"t\",\"X-B\":\"t\"}}";

    OutboundRequest bare = accepted(template, "{}");
    assertThat(bare.method()).isEqualTo("PUT");
    assertThat(bare.target()).isEqualTo("/t");
    assertThat(text(bare)).isEqualTo("t");
    assertThat(bare.headers()).containsExactly(new Header("X-A", "t"), new Header("X-B", "t"));

    OutboundRequest over =
        accepted(template, "{\"method\":\"post\",\"body\":1,\"headers\":{\"x-a\":\"i\"}}");
    assertThat(over.method()).isEqualTo("POST");
    assertThat(over.bodyKind()).isEqualTo(BodyKind.JSON);
    assertThat(text(over)).isEqualTo("1");
    assertThat(over.headers()).containsExactly(new Header("X-B", "t"), new Header("x-a", "i"));
  }

  @Test
  void equalHeadersAreReadOnceAndOthersAreNotTakenForThem() {
    ItemReader reader = reader(null);
    read(reader, "{" + URL + ",\"headers\":{\"A\":\"1\"}}");
    read(reader, "{" + URL + ",\"headers\":{\"A\":\"1\"},\"body\":1}");
    read(reader, "{" + URL + ",\"headers\":{\"A\":\"1\",\"B\":\"2\"}}");
    read(reader, "{" + URL + "}");
    read(reader, "{" + URL + ",\"headers\":{\"A\":\"1\"}}");

    assertThat(errors.toProblem()).isNull();
    Header a = new Header("A", "1");
    assertThat(items.stream().map(item -> item.request().headers()))
        .containsExactly(
            List.of(a), List.of(a), List.of(a, new Header("B", "2")), List.of(), List.of(a));
    assertThat(items.get(1).request().headers()).isSameAs(items.get(0).request().headers());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | missing_url | /url",
        "{\"url\":5} | invalid_type | /url",
        "{\"url\":\"ftp://a/x\"} | invalid_url | /url",
        "[] | invalid_type | none",
        "5 | invalid_type | none",
        "{\"url\":\"http://a/\",\"nope\":{\"x\":[1]}} | unknown_field | /nope",
        "{\"url\":\"http://a/\",\"a/b~\":1} | unknown_field | /a~1b~0",
        "{\"url\":\"http://a/\",\"body\":1,\"text\":\"x\"} | several_bodies | /text",
        "{\"url\":\"http://a/\",\"form\":{},\"body\":null} | several_bodies | /body",
        "{\"url\":\"http://a/\",\"text\":5} | invalid_type | /text",
        "{\"url\":\"http://a/\",\"text\":\"\\ud800\"} | invalid_string | /text",
        "{\"url\":\"http://a/\",\"base64\":\"A\"} | invalid_base64 | /base64",
        "{\"url\":\"http://a/\",\"base64\":\"é===\"} | invalid_base64 | /base64",
        "{\"url\":\"http://a/\",\"form\":[]} | invalid_type | /form",
        "{\"url\":\"http://a/\",\"form\":{\"x\":{\"y\":1}}} | invalid_type | /form/x",
        "{\"url\":\"http://a/\",\"form\":{\"x\":[null]}} | invalid_type | /form/x",
        "{\"url\":\"http://a/\",\"method\":\"CONNECT\"} | invalid_method | /method",
        "{\"url\":\"http://a/\",\"method\":\"trace\"} | invalid_method | /method",
        "{\"url\":\"http://a/\",\"method\":\"GET /\"} | invalid_method | /method",
        "{\"url\":\"http://a/\",\"method\":\"\"} | invalid_method | /method",
        "{\"url\":\"http://a/\",\"method\":\"HEAD\",\"body\":1} | body_not_allowed | none",
        "{\"url\":\"http://a/\",\"id\":7} | invalid_type | /id",
        "{\"url\":\"http://a/\",\"id\":\"\"} | invalid_id | /id",
        "{\"url\":\"http://a/\",\"id\":\"a\\nb\"} | invalid_id | /id",
        "{\"url\":\"http://a/\",\"headers\":[]} | invalid_type | /headers",
        "{\"url\":\"http://a/\",\"headers\":{\"A\":1}} | invalid_type | /headers/A",
        "{\"url\":\"http://a/\",\"headers\":{\"A\":\"x\\r\\nB: y\"}} | invalid_header_value | /headers/A",
        "{\"url\":\"http://a/\",\"headers\":{\"A\":\"x\\u0000\"}} | invalid_header_value | /headers/A",
        "{\"url\":\"http://a/\",\"headers\":{\"A\":\" x\"}} | invalid_header_value | /headers/A",
        "{\"url\":\"http://a/\",\"headers\":{\"A\":\"€\"}} | invalid_header_value | /headers/A",
        "{\"url\":\"http://a/\",\"headers\":{\"A:\":\"x\"}} | invalid_header_name | /headers/A:",
        "{\"url\":\"http://a/\",\"headers\":{\"\":\"x\"}} | invalid_header_name | /headers/",
        "{\"url\":\"http://a/\",\"orderingKey\":\"k\"} | not_supported | /orderingKey",
        "{\"url\":\"http://a/\",\"multipart\":[]} | not_supported | /multipart",
        "{\"url\":\"http://a/\",\"vars\":{}} | not_supported | /vars",
        "{\"url\":\"http://a/\",\"url\":\"http://b/\"} | duplicate_key | none",
        "{\"url\":\"http://a/\",\"body\":{\"x\":{\"a\":1,\"a\":2}}} | duplicate_key | none",
        "{\"url\":\"http://a/\"}{} | malformed_json | none",
        "{\"url\":\"http://a/\"} x | malformed_json | none",
        "{\"url\":\"http://a/\",} | malformed_json | none",
        "{\"url\":\"http://a/\" | malformed_json | none",
        "{'url':'http://a/'} | malformed_json | none",
        "{\"url\":\"http://a/\",\"body\":01} | malformed_json | none",
        "{\"url\":\"http://a/\",\"body\":NaN} | malformed_json | none",
        "{\"url\":\"http://a/\",\"body\":{]} | malformed_json | none",
        "{\"url\":\"http://a/\",\"body\":/*c*/1} | malformed_json | none",
        "{\"url\":\"http://a/\tb\"} | malformed_json | none",
      })
  void refuses(String json, String code, String pointer) {
    InputError error = refused(json);

    assertThat(error.code()).as(error.message()).isEqualTo(code);
    assertThat(error.pointer()).isEqualTo("none".equals(pointer) ? null : pointer);
    assertThat(error.line()).isEqualTo(7);
    assertThat(error.index()).isEqualTo(3);
    assertThat(error.message()).isNotBlank().hasSizeLessThan(500);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host",
        "content-length",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Connection",
        "Keep-Alive",
        "Upgrade",
        "EXPECT",
        "HTTP2-Settings",
        "Proxy-Authorization",
        "proxy-x",
        "Sluice-Attempt"
      })
  void refusesHeadersThatFrameTheMessage(String name) {
    assertThat(refused("{" + URL + ",\"headers\":{\"" + name + "\":\"x\"}}").code())
        .isEqualTo("invalid_header_name");
    assertThatThrownBy(
            () -> Template.stored("{\"headers\":{\"" + name + "\":\"x\"}}", ItemSecrets.NONE))
        .isInstanceOfSatisfying(
            ApiProblem.class,
            problem ->
                assertThat(problem.errors().getFirst().pointer())
                    .isEqualTo("/template/headers/" + name));
  }

  @Test
  void refusesAHeaderNameWithALineBreak() {
    assertThat(refused("{" + URL + ",\"headers\":{\"A\\r\\nB\":\"x\"}}").code())
        .isEqualTo("invalid_header_name");
  }

  @Test
  void boundsHeaders() {
    StringBuilder many = new StringBuilder("{" + URL + ",\"headers\":{\"A0\":\"x\"");
    for (int i = 1; i <= HeaderRules.MAX_HEADERS; i++) {
      many.append(",\"A").append(i).append("\":\"x\"");
    }
    assertThat(refused(many + "}}").code()).isEqualTo("too_many_headers");
  }

  @Test
  void boundsHeaderBytes() {
    String eight = "x".repeat(HeaderRules.MAX_VALUE);
    assertThat(refused("{" + URL + ",\"headers\":{\"A\":\"" + eight + "y\"}}").code())
        .isEqualTo("invalid_header_value");
  }

  @Test
  void boundsHeaderBytesTogether() {
    String eight = "\"" + "x".repeat(HeaderRules.MAX_VALUE) + "\"";
    String four = String.join(",", eight, eight, eight, eight);
    assertThat(refused("{" + URL + ",\"headers\":{\"A\":[" + four + "]}}").code())
        .isEqualTo("too_many_headers");
  }

  @Test
  void survivesDepthBombsAndLongTokens() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    assertThat(refused("{" + URL + ",\"body\":" + deep + "}").code()).isEqualTo("too_deep");
  }

  @Test
  void boundsTokens() {
    String many = "[" + "0,".repeat(StrictJson.MAX_TOKENS) + "0]";
    assertThat(refused("{" + URL + ",\"body\":" + many + "}").code()).isEqualTo("json_limit");
  }

  @Test
  void boundsNumbers() {
    assertThat(refused("{" + URL + ",\"body\":" + "1".repeat(101) + "}").code())
        .isEqualTo("json_limit");
  }

  @Test
  void boundsNames() {
    assertThat(refused("{" + URL + ",\"" + "n".repeat(257) + "\":1}").code())
        .isEqualTo("json_limit");
  }

  @Test
  void collectsSeveralErrorsOfOneItem() {
    read(reader(null), "{\"url\":5,\"method\":\"TRACE\",\"nope\":1}");

    assertThat(errors.toProblem().errors().stream().map(InputError::code))
        .containsExactly("invalid_type", "invalid_method", "unknown_field");
  }

  @Test
  void stopsAtTheLimitOfTheBatch() {
    ItemReader reader = reader(null);
    byte[] json = ("{" + URL + "}").getBytes(StandardCharsets.UTF_8);
    reader.read(json, 0, json.length, 899);

    assertThatThrownBy(() -> reader.read(json, 0, json.length, 900))
        .isInstanceOfSatisfying(
            ApiProblem.class, problem -> assertThat(problem.status()).isEqualTo(413));
  }

  @Test
  void aTemplateHasNoIdAndNoUnknownField() {
    for (String template : List.of("{\"id\":\"x\"}", "{\"nope\":1}")) {
      assertThatThrownBy(() -> Template.stored(template, ItemSecrets.NONE))
          .isInstanceOfSatisfying(
              ApiProblem.class, problem -> assertThat(problem.code()).isEqualTo("unknown_field"));
    }
  }
}
