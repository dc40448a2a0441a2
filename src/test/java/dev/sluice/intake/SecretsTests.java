package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.ItemSecrets;
import dev.sluice.secrets.Keyrings;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** What is stored of secrets in items. */
class SecretsTests extends SubmissionTestBase {

  private static final ItemSecrets KEYRING = Keyrings.of(Keyrings.key(1));
  private static final String SECRET = "Bearer s3cret-of-an-item";

  @DynamicPropertySource
  static void key(DynamicPropertyRegistry properties) {
    properties.add("sluice.secrets.keys", () -> Keyrings.key(1));
    properties.add("sluice.secrets.headers", () -> "X-Pin");
  }

  private static String item(String host, String headers) {
    return "{\"url\":\"http://" + host + "/x\",\"headers\":{" + headers + "}}";
  }

  private static Header header(Item item, String name) {
    return item.request().headers().stream()
        .filter(header -> header.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void storesSecretsSealedForTheirDestination() throws Exception {
    String own = "\"X-Trace\":\"t\",\"Authorization\":\"" + SECRET + "\",\"X-Pin\":\"1234\"";
    List<Item> items =
        post(
                "/v1/batches",
                NDJSON,
                String.join(
                    "\n",
                    item("a.example", own),
                    item("b.example", own),
                    item("a.example", own),
                    item("a.example", "\"X-Trace\":\"u\"")))
            .batch(store)
            .items();

    assertThat(header(items.get(0), "X-Trace")).isEqualTo(new Header("X-Trace", "t"));
    Header sealed = header(items.get(0), "Authorization");
    assertThat(sealed.sealed()).isTrue();
    assertThat(KEYRING.open(sealed.value(), "http:a.example:80 Authorization")).isEqualTo(SECRET);
    Header elsewhere = header(items.get(1), "Authorization");
    assertThat(KEYRING.open(elsewhere.value(), "http:b.example:80 Authorization"))
        .isEqualTo(SECRET);
    assertThat(header(items.get(0), "X-Pin").sealed()).isTrue();
    // Sealed once for all items of a destination, so that they share what is stored.
    assertThat(items.get(2).request().headers()).isEqualTo(items.get(0).request().headers());
    assertThat(items.get(3).request().hasSealed()).isFalse();
  }

  @Test
  void sealsEverySecretOfItsOwn() throws Exception {
    String lines =
        java.util.stream.IntStream.range(0, 50)
            .mapToObj(i -> item("a.example", "\"X-Api-Key\":\"key-" + i + "\""))
            .collect(Collectors.joining("\n"));
    List<Item> items = post("/v1/batches", NDJSON, lines).batch(store).items();

    Set<String> opened =
        items.stream()
            .map(item -> header(item, "X-Api-Key").value())
            .map(value -> KEYRING.open(value, "http:a.example:80 X-Api-Key"))
            .collect(Collectors.toSet());
    assertThat(opened).hasSize(50).contains("key-0", "key-49");
  }

  @Test
  void keepsTheTemplateOfAnOpenBatchSealed() throws Exception {
    String template = "\"template\":{\"headers\":{\"Authorization\":\"" + SECRET + "\"}}";
    Answer open = post("/v1/batches", JSON, "{\"open\":true," + template + "}");
    RecordingStore.Batch batch = open.batch(store);
    assertThat(batch.submitted.template()).startsWith("sealed:").doesNotContain("s3cret");

    Answer chunk = post(open.header("Location") + "/items?offset=0", NDJSON, ITEM);
    assertThat(chunk.status()).as(chunk.json().toString()).isEqualTo(200);
    Header sealed = header(batch.items().getFirst(), "Authorization");
    assertThat(KEYRING.open(sealed.value(), "http:a.example:80 Authorization")).isEqualTo(SECRET);

    Answer whole = post("/v1/batches", JSON, "{" + template + ",\"items\":[" + ITEM + "]}");
    assertThat(whole.batch(store).submitted.template()).isNull();
  }
}
