package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Whatever a client sends: a 4xx that says where it is wrong, and nothing of it is kept. */
class BadInputTests extends SubmissionTestBase {

  private int before;

  @BeforeEach
  void countBatches() {
    before = store.all().size();
  }

  @AfterEach
  void nothingWasKept() {
    assertThat(store.all()).hasSize(before);
  }

  @Test
  void findsBrokenJsonInLine70001() throws Exception {
    String body = lines(70_000) + "{\"url\":\"http://a.example/x\"\n" + lines(10);
    Answer answer = post("/v1/batches", NDJSON, body);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("invalid_items");
    assertThat(answer.json().path("errors").size()).isEqualTo(1);
    JsonNode error = answer.json().path("errors").get(0);
    assertThat(error.path("line").asLong()).isEqualTo(70_001);
    assertThat(error.path("index").asLong()).isEqualTo(70_000);
    assertThat(error.path("code").asString()).isEqualTo("malformed_json");
  }

  @Test
  void countsPhysicalLines() throws Exception {
    Answer answer = post("/v1/batches", NDJSON, "\n\r\n" + ITEM + "\n\n{}\n" + ITEM + "\n[]");

    JsonNode errors = answer.json().path("errors");
    assertThat(errors.size()).isEqualTo(2);
    assertThat(errors.get(0).path("line").asLong()).isEqualTo(5);
    assertThat(errors.get(0).path("index").asLong()).isEqualTo(1);
    assertThat(errors.get(0).path("pointer").asString()).isEqualTo("/url");
    assertThat(errors.get(1).path("line").asLong()).isEqualTo(7);
  }

  @Test
  void collectsAtMostAThousandErrors() throws Exception {
    Answer answer = post("/v1/batches", NDJSON, "{}\n".repeat(1_000_000));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().path("errors").size()).isEqualTo(1000);
    assertThat(answer.json().path("errors").get(999).path("line").asLong()).isEqualTo(1000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"items\":[{\"url\":\"http://a/\"},{\"url\":5}]} | 400 | invalid_items | /items/1/url",
        "{\"items\":[{\"url\":\"http://a/\"} {}]} | 400 | invalid_items | /items/0",
        "{\"items\":[{\"url\":\"http://a/\"},]} | 400 | invalid_items | /items/1",
        "{\"items\":[{\"url\":\"http://a/\"} | 400 | invalid_items | /items/0",
        "{\"items\":[{\"url\":\"http://a/ | 400 | invalid_items | /items/0",
        "{\"items\":[ | 400 | invalid_items | /items/0",
        "{\"items\":[{\"url\":\"http://a/\"}] | 400 | malformed_json |",
        "{\"items\":[{\"url\":\"http://a/\"}]}x | 400 | malformed_json |",
        "{\"items\":[{\"url\":\"http://a/\"}],\"name\":\"x\"} | 400 | field_after_items | /name",
        "{\"items\":[{\"url\":\"http://a/\"}],\"items\":[]} | 400 | duplicate_key | /items",
        "{\"name\":\"a\",\"n\\u0061me\":\"b\",\"items\":[]} | 400 | duplicate_key | /name",
        "{\"items\":[]} | 400 | no_items |",
        "{\"items\":[{\"url\":\"http://a/\",\"headers\":{\"Cookie\":\"c\"}}]} | 400 | invalid_items | /items/0/headers/Cookie",
        "{\"options\":{\"auth\":{\"credential\":\"nope\"}},\"items\":[{\"url\":\"http://a/\"}]} | 400 | unknown_credential | /options/auth/credential",
        "{\"open\":true,\"template\":{\"headers\":{\"X-Api-Key\":\"k\"}}} | 400 | secret_refused | /template/headers",
        "{\"items\":{}} | 400 | invalid_type | /items",
        "{\"items\":null} | 400 | invalid_type | /items",
        "{} | 400 | missing_items | /items",
        "{\"open\":false} | 400 | missing_items | /items",
        "{\"open\":true,\"items\":[]} | 400 | items_not_allowed | /items",
        "{\"open\":\"yes\"} | 400 | invalid_type | /open",
        "{\"name\":5,\"items\":[]} | 400 | invalid_type | /name",
        "{\"metadata\":{\"a\":1},\"items\":[]} | 400 | invalid_type | /metadata/a",
        "{\"options\":[],\"items\":[]} | 400 | invalid_type | /options",
        "{\"options\":{\"rate\":{\"nope\":1,\"permits\":1}},\"items\":[]} | 400 | unknown_field | /options/rate/nope",
        "{\"options\":{\"a\":1,\"a\":2},\"items\":[]} | 400 | duplicate_key |",
        "{\"options\":{\"deadline\":\"x\"},\"items\":[]} | 400 | invalid_option | /options/deadline",
        "{\"options\":{\"deadline\":\"2020-01-01T00:00:00Z\"},\"items\":[]} | 400 | invalid_option | /options/deadline",
        "{\"options\":{\"window\":{}},\"items\":[]} | 422 | not_supported | /options/window",
        "{\"template\":{\"body\":1,\"text\":\"x\"},\"items\":[]} | 400 | several_bodies | /template/text",
        "{\"template\":5,\"items\":[]} | 400 | invalid_type | /template",
        "{\"template\":{\"orderingKey\":\"x\"},\"items\":[]} | 422 | not_supported | /template/orderingKey",
        "{\"vars\":{},\"items\":[]} | 422 | not_supported |",
        "{\"nope\":1,\"items\":[]} | 400 | unknown_field | /nope",
        "{\"items\":[{\"url\":\"http://a/\",\"orderingKey\":\"x\"}]} | 422 | not_supported | /items/0/orderingKey",
        "[] | 400 | malformed_json |",
        "{\"name\" \"x\"} | 400 | malformed_json |",
        "{\"name\":} | 400 | malformed_json |",
        "{\"name\":x} | 400 | malformed_json |",
        "{name:1} | 400 | malformed_json |",
        "{,} | 400 | malformed_json |",
        "{ | 400 | malformed_json |",
        "`` | 400 | malformed_json |",
      })
  void refusesJson(String body, int status, String code, String pointer) throws Exception {
    Answer answer = post("/v1/batches", JSON, body == null ? "" : body);

    assertThat(answer.code()).as(answer.json().toString()).isEqualTo(code);
    assertThat(answer.status()).isEqualTo(status);
    JsonNode first = answer.json().path("errors").path(0);
    assertThat(first.path("pointer").asString(null)).isEqualTo(pointer);
  }

  @Test
  void refusesAnEmptyNdjson() throws Exception {
    assertThat(post("/v1/batches", NDJSON, "\n\n").code()).isEqualTo("no_items");
    assertThat(post("/v1/batches", NDJSON, "").code()).isEqualTo("no_items");
  }

  @Test
  void survivesDepthBombs() throws Exception {
    String deep = "[".repeat(200_000) + "]".repeat(200_000);
    Answer lines = post("/v1/batches", NDJSON, "{\"url\":\"http://a/\",\"body\":" + deep + "}");
    assertThat(lines.json().path("errors").get(0).path("code").asString()).isEqualTo("too_deep");

    assertThat(post("/v1/batches", JSON, "{\"items\":[" + deep + "]}").status()).isEqualTo(400);
    assertThat(post("/v1/batches", JSON, "{\"options\":" + deep + "}").code())
        .isEqualTo("too_deep");
    assertThat(post("/v1/batches", JSON, "[".repeat(5_000_000)).status()).isEqualTo(400);
    assertThat(post("/v1/batches", JSON, "{\"items\":[" + "[".repeat(5_000_000)).status())
        .isEqualTo(413);
  }

  @Test
  void refusesAnOversizeLineAndGoesOn() throws Exception {
    String large = "{\"url\":\"http://a/\",\"text\":\"" + "x".repeat(1 << 20) + "\"}";
    Answer alone = post("/v1/batches", NDJSON, ITEM + "\n" + large + "\n" + ITEM);
    assertThat(alone.status()).isEqualTo(413);
    assertThat(alone.json().path("errors").get(0).path("line").asLong()).isEqualTo(2);

    Answer both = post("/v1/batches", NDJSON, large + "\n{}\n");
    assertThat(both.status()).isEqualTo(400);
    assertThat(both.json().path("errors").get(1).path("line").asLong()).isEqualTo(2);

    Answer json = post("/v1/batches", JSON, "{\"items\":[" + ITEM + "," + large + "]}");
    assertThat(json.status()).isEqualTo(413);
  }

  @Test
  void refusesBytesThatAreNotUtf8() throws Exception {
    byte[] bad =
        (ITEM + "\n{\"url\":\"http://a/\",\"text\":\"é\"}").getBytes(StandardCharsets.ISO_8859_1);
    Answer lines = post("/v1/batches", NDJSON, bad);
    assertThat(lines.json().path("errors").get(0).path("code").asString())
        .isEqualTo("invalid_utf8");
    assertThat(lines.json().path("errors").get(0).path("line").asLong()).isEqualTo(2);

    for (String name : new String[] {"UTF-16", "UTF-16LE", "UTF-32"}) {
      Charset charset = Charset.forName(name);
      byte[] wide = ("{\"items\":[" + ITEM + "]}").getBytes(charset);
      assertThat(post("/v1/batches", JSON, wide).status()).isEqualTo(400);
      assertThat(post("/v1/batches", NDJSON, ITEM.getBytes(charset)).status()).isEqualTo(400);
    }
    byte[] latin = "{\"name\":\"é\",\"items\":[]}".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(post("/v1/batches", JSON, latin).code()).isEqualTo("invalid_utf8");
  }

  @Test
  void refusesBrokenAndExplosiveGzip() throws Exception {
    byte[] good = gzip(lines(5000).getBytes(StandardCharsets.UTF_8));
    byte[] cut = java.util.Arrays.copyOf(good, good.length - 20);
    assertThat(post("/v1/batches", NDJSON, cut, "Content-Encoding", "gzip").code())
        .isEqualTo("invalid_gzip");
    good[good.length / 2] ^= 0x55;
    assertThat(post("/v1/batches", NDJSON, good, "Content-Encoding", "gzip").status())
        .isEqualTo(400);
    assertThat(post("/v1/batches", NDJSON, ITEM, "Content-Encoding", "gzip").code())
        .isEqualTo("invalid_gzip");
    assertThat(post("/v1/batches", NDJSON, "", "Content-Encoding", "gzip").code())
        .isEqualTo("invalid_gzip");

    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bomb)) {
      byte[] blank = "\n".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < 200; i++) {
        out.write(blank);
      }
    }
    Answer answer = post("/v1/batches", NDJSON, bomb.toByteArray(), "Content-Encoding", "gzip");
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.code()).isEqualTo("compression_ratio");
  }

  @Test
  void aClientThatGoesAwayLeavesNothing() throws Exception {
    // Half of it is more than goes into one transaction, so something has to be cleared away.
    byte[] content = lines(200_000).getBytes(StandardCharsets.UTF_8);
    Random random = new Random(11);
    for (int round = 0; round < 20; round++) {
      CountDownLatch abandoned = store.nextAbandon();
      int cut = content.length / 2 + random.nextInt(content.length / 2);
      boolean reset = random.nextBoolean();
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        OutputStream out = socket.getOutputStream();
        out.write(
            head("/v1/batches", "Content-Type: " + NDJSON, "Content-Length: " + content.length));
        out.write(content, 0, cut);
        if (reset) {
          socket.setSoLinger(true, 0);
        }
      }
      assertThat(abandoned.await(20, TimeUnit.SECONDS)).as("cut at " + cut).isTrue();
    }
  }

  @Test
  void aChunkedBodyCutShortIsRefused() throws IOException {
    String chunk = Integer.toHexString(ITEM.length()) + "\r\n" + ITEM + "\r\n";
    byte[] head = head("/v1/batches", "Content-Type: " + NDJSON, "Transfer-Encoding: chunked");

    raw(join(head, chunk), true);
    assertThat(raw(join(head, chunk + "zz\r\n"), true))
        .doesNotContain(" 202 ")
        .doesNotContain(" 500 ");
  }

  @Test
  void aClientThatFallsSilentIsAnsweredAndLetGo() throws IOException {
    byte[] head = head("/v1/batches", "Content-Type: " + NDJSON, "Content-Length: 1000000");
    String answer = raw(join(head, ITEM + "\n"), false);

    assertThat(answer).startsWith("HTTP/1.1 408").contains("upload_timed_out");
  }

  private static byte[] join(byte[] head, String body) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(head);
    all.writeBytes(body.getBytes(StandardCharsets.UTF_8));
    return all.toByteArray();
  }

  @Test
  void refusesABodyLargerThanAllowedBeforeReadingIt() throws IOException {
    byte[] head =
        head(
            "/v1/batches",
            "Content-Type: " + NDJSON,
            "Content-Length: 3000000000",
            "Expect: 100-continue");
    assertThat(raw(head, true)).startsWith("HTTP/1.1 413").contains("body_too_large");
  }

  @Test
  void anyBytesAtAllGetA4xx() throws Exception {
    Random random = new Random(17);
    byte[] seed =
        ("{\"name\":\"n\",\"options\":{\"rate\":{\"permits\":5}},\"items\":["
                + "{\"id\":\"x\",\"url\":\"http://a.example/x\",\"headers\":{\"A\":\"b\"},"
                + "\"body\":{\"k\":[1,2.5e3,\"é\\u00e9\"]}}]}")
            .getBytes(StandardCharsets.UTF_8);
    for (int round = 0; round < 400; round++) {
      byte[] bytes = seed.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        bytes[random.nextInt(bytes.length)] =
            (byte) "{}[]\":,\\ 0eé\u0000\n".charAt(random.nextInt(14));
      }
      bytes[random.nextInt(20)] = '}';
      Answer answer = post("/v1/batches", random.nextInt(4) == 0 ? NDJSON : JSON, bytes);
      assertThat(answer.status()).isBetween(400, 499);
    }
  }
}
