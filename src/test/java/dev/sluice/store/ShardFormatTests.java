package dev.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.Origin;
import dev.sluice.model.OutboundRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/** The stored form of shards: what one version wrote, every later one reads. */
@NullUnmarked
class ShardFormatTests {

  private static final Header JSON = new Header("Content-Type", "application/json");

  /** One item for each feature of format version 1. Never changed. */
  private static List<Item> goldenItems() {
    return List.of(
        item(70_000, "order-1", "POST", "/orders?x=1", List.of(JSON), BodyKind.JSON, "{\"a\":1}"),
        item(70_001, "order-2", "POST", "/orders", List.of(JSON), BodyKind.JSON, "[]"),
        item(70_003, null, "GET", "/", List.of(), BodyKind.NONE, ""),
        item(
            70_900,
            "größe-😀",
            "PROPFIND",
            "/dav",
            List.of(JSON, new Header("X-A", "b")),
            BodyKind.TEXT,
            "héllo"),
        new Item(
            71_000,
            "full",
            new OutboundRequest(
                "PUT", "/f", List.of(JSON), BodyKind.BASE64, new byte[] {0, 1, -1, 127, -128}),
            "customer-7",
            "partner-x",
            new Origin("bat_01h0000000000000000000000", 9_999_999)),
        item(71_001, "form", "PATCH", "/p", List.of(), BodyKind.FORM, "a=b&c=d"));
  }

  private static Item item(
      long index,
      String id,
      String method,
      String target,
      List<Header> headers,
      BodyKind kind,
      String body) {
    return new Item(
        index,
        id,
        new OutboundRequest(method, target, headers, kind, body.getBytes(StandardCharsets.UTF_8)),
        null,
        null,
        null);
  }

  private static byte[] encode(List<Item> items) {
    ShardEncoder encoder = new ShardEncoder(items.getFirst().index());
    items.forEach(encoder::add);
    return encoder.finish();
  }

  private static List<Item> decode(byte[] payload) {
    ShardDecoder decoder = ShardDecoder.open(payload);
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < decoder.itemCount(); i++) {
      items.add(decoder.item(i));
      assertThat(decoder.id(i)).isEqualTo(items.getLast().id());
      assertThat(decoder.index(i)).isEqualTo(items.getLast().index());
      assertThat(decoder.ordinal(items.getLast().index())).isEqualTo(i);
    }
    return items;
  }

  private static byte[] golden() throws IOException {
    return resource("/shard-format-v1.base64");
  }

  /** What {@link #repetitiveItems} were compressed to. */
  private static byte[] goldenCompressed() throws IOException {
    return resource("/shard-format-v1-compressed.base64");
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream file = ShardFormatTests.class.getResourceAsStream(name)) {
      return Base64.getMimeDecoder().decode(file.readAllBytes());
    }
  }

  /** Enough of the same for compression to pay. Never changed. */
  private static List<Item> repetitiveItems() {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String body = "{\"order\":%d,\"status\":\"shipped\"}".formatted(i * 7919);
      items.add(item(i, "order-" + i, "POST", "/orders", List.of(JSON), BodyKind.JSON, body));
    }
    return items;
  }

  @Test
  void readsVersion1() throws IOException {
    assertThat(decode(golden())).isEqualTo(goldenItems());
  }

  @Test
  void readsWhatWasCompressed() throws IOException {
    assertThat(goldenCompressed()[ShardEncoder.FLAGS_OFFSET]).isEqualTo((byte) 1);
    assertThat(decode(goldenCompressed())).isEqualTo(repetitiveItems());
  }

  @Test
  void compressesWhatIsRepeated() {
    byte[] payload = encode(repetitiveItems());
    assertThat(payload[ShardEncoder.FLAGS_OFFSET]).isEqualTo((byte) 1);
    assertThat(decode(payload)).isEqualTo(repetitiveItems());
    ShardDecoder decoder = ShardDecoder.open(payload);
    // Memory is reckoned by what is held, not by what is stored.
    assertThat(decoder.byteCount()).isGreaterThan(2 * payload.length);
  }

  @Test
  void leavesAloneWhatDoesNotShrink() {
    byte[] noise = new byte[20_000];
    new Random(3).nextBytes(noise);
    Item item =
        new Item(
            0,
            null,
            new OutboundRequest("POST", "/", List.of(), BodyKind.BASE64, noise),
            null,
            null,
            null);
    byte[] payload = encode(List.of(item));
    assertThat(payload[ShardEncoder.FLAGS_OFFSET]).isZero();
    assertThat(payload.length).isLessThan(20_050);
    assertThat(decode(payload)).isEqualTo(List.of(item));
  }

  @Test
  void refusesBlocksThatHoldSomethingElse() throws IOException {
    byte[] payload = goldenCompressed();
    int length = ByteBuffer.wrap(payload).getInt(ShardEncoder.HEADER_BYTES);
    for (int wrong : new int[] {length - 1, length + 1, 0, -1, Integer.MAX_VALUE}) {
      byte[] lying = payload.clone();
      ByteBuffer.wrap(lying).putInt(ShardEncoder.HEADER_BYTES, wrong);
      assertCorrupt(signed(lying));
    }
    assertCorrupt(signed(Arrays.copyOf(payload, payload.length - 1)));
    assertCorrupt(signed(Arrays.copyOf(payload, ShardEncoder.HEADER_BYTES + 2)));
  }

  @Test
  void refusesWhatALaterVersionMayHaveWritten() throws IOException {
    byte[] golden = golden();
    // Behind the header three bytes of first index and four of length; then flags, method, body
    // kind.
    int item = ShardEncoder.HEADER_BYTES + 3 + 4;
    for (int field = 1; field <= 2; field++) {
      byte[] unknown = golden.clone();
      unknown[item + field] = 99;
      assertCorrupt(signed(unknown));
    }
    byte[] tooLong = golden.clone();
    tooLong[item - 1] = 0x7f;
    assertCorrupt(signed(tooLong));
  }

  /** Has the checksum agree. */
  private static byte[] signed(byte[] payload) {
    ByteBuffer.wrap(payload).putInt(ShardEncoder.CRC_OFFSET, ShardDecoder.checksum(payload));
    return payload;
  }

  @Test
  void stillWritesVersion1() throws IOException {
    assertThat(Base64.getMimeEncoder().encodeToString(encode(goldenItems())))
        .isEqualTo(Base64.getMimeEncoder().encodeToString(golden()));
  }

  @Test
  void readsBackWhateverItWrote() {
    Random random = new Random(20260301);
    for (int trial = 0; trial < 300; trial++) {
      List<Item> items = randomItems(random);
      assertThat(decode(encode(items))).as("trial %d", trial).isEqualTo(items);
    }
  }

  private static List<Item> randomItems(Random random) {
    List<Item> items = new ArrayList<>();
    long index = random.nextInt(9_000_000);
    int count = 1 + random.nextInt(random.nextBoolean() ? 5 : NewShard.MAX_ITEMS);
    List<Header> shared = randomHeaders(random);
    for (int i = 0; i < count; i++) {
      byte[] body = new byte[random.nextInt(random.nextInt(10) == 0 ? 20_000 : 300)];
      if (random.nextBoolean()) {
        random.nextBytes(body);
      }
      items.add(
          new Item(
              index,
              random.nextBoolean() ? text(random) : null,
              new OutboundRequest(
                  random.nextInt(5) == 0 ? "M-" + random.nextInt(100) : "DELETE",
                  "/" + text(random),
                  random.nextBoolean() ? shared : randomHeaders(random),
                  BodyKind.of(random.nextInt(5)),
                  body),
              random.nextInt(4) == 0 ? text(random) : null,
              random.nextInt(4) == 0 ? text(random) : null,
              random.nextInt(4) == 0 ? new Origin(text(random), random.nextInt(1 << 24)) : null));
      index += 1 + random.nextInt(120);
    }
    return items;
  }

  private static List<Header> randomHeaders(Random random) {
    List<Header> headers = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      headers.add(new Header("X-" + random.nextInt(), text(random), random.nextInt(4) == 0));
    }
    return headers;
  }

  private static String text(Random random) {
    return random
        .ints(random.nextInt(40), 0x20, 0x3000)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  @Test
  void noticesEveryFlippedBit() throws IOException {
    noticesEveryFlippedBit(golden());
    noticesEveryFlippedBit(goldenCompressed());
  }

  private static void noticesEveryFlippedBit(byte[] payload) {
    for (int bit = 0; bit < payload.length * 8; bit++) {
      byte[] damaged = payload.clone();
      damaged[bit >>> 3] ^= (byte) (1 << (bit & 7));
      assertCorrupt(damaged);
    }
  }

  @Test
  void noticesATruncation() throws IOException {
    byte[] payload = golden();
    for (int length = 0; length < payload.length; length++) {
      assertCorrupt(Arrays.copyOf(payload, length));
    }
  }

  private static void assertCorrupt(byte[] payload) {
    assertThatThrownBy(() -> ShardDecoder.open(payload))
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.CORRUPT));
  }

  @Test
  void sharesTheHeadersOfATemplate() {
    List<Header> headers = List.of(JSON, new Header("Authorization-Hint", "a".repeat(500)));
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      items.add(item(i, null, "POST", "/", headers, BodyKind.JSON, "{}"));
    }
    byte[] payload = encode(items);
    ShardDecoder decoder = ShardDecoder.open(payload);
    assertThat(decoder.byteCount()).isLessThan(500 + 100 * 20);
    assertThat(decoder.item(99).request().headers()).isSameAs(decoder.item(1).request().headers());
  }

  @Test
  void marksWhatHoldsSealedHeaders() {
    List<Header> sealed = List.of(JSON, new Header("Authorization", "c2VhbGVk", true));
    Item plain = item(0, null, "POST", "/", List.of(JSON), BodyKind.NONE, "");
    byte[] payload = encode(List.of(plain, item(1, null, "POST", "/", sealed, BodyKind.NONE, "")));

    assertThat(decode(payload).get(1).request().headers()).isEqualTo(sealed);
    // What does not know the flag would send what is sealed: it must not take the shard.
    assertThat(payload[ShardEncoder.FLAGS_OFFSET]).isEqualTo((byte) 2);
    assertThat(encode(List.of(plain))[ShardEncoder.FLAGS_OFFSET]).isZero();
    assertThat(Base64.getEncoder().encodeToString(payload))
        .isEqualTo(
            "U0xTSAECAAAAAgAAV9/lFACmgIAAAAMAAAEvAQxDb250ZW50LVR5cGUQYXBwbGljYXRpb24vanNvbgC/gIAAIAMAAQEvAgxDb250ZW50LVR5cGUQYXBwbGljYXRpb24vanNvbgANQXV0aG9yaXphdGlvbghjMlZoYkdWawEA");
    payload[ShardEncoder.FLAGS_OFFSET] = 6;
    assertCorrupt(signed(payload));
  }

  @Test
  void refusesItemsOutOfOrder() {
    ShardEncoder encoder = new ShardEncoder(5);
    encoder.add(StoreFixture.item(7));
    assertThatThrownBy(() -> encoder.add(StoreFixture.item(6)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void findsEveryIdInItsFilterAndFewOthers() {
    Random random = new Random(7);
    Set<String> ids = new HashSet<>();
    while (ids.size() < 500) {
      ids.add("order-" + random.nextInt(10_000_000));
    }
    byte[] filter = IdFilter.of(ids);
    assertThat(filter.length).isEqualTo(1 + 625);
    assertThat(ids).allMatch(id -> IdFilter.mightContain(filter, id));
    int wrong = 0;
    for (int i = 0; i < 100_000; i++) {
      wrong += IdFilter.mightContain(filter, "other-" + i) ? 1 : 0;
    }
    assertThat(wrong).isLessThan(2_000);
    assertThat(IdFilter.mightContain(IdFilter.of(Set.of()), "order-1")).isFalse();
    assertThat(IdFilter.mightContain(new byte[] {99, 0}, "order-1")).isTrue();
  }

  @Test
  void keepsTheHashOfStoredFilters() {
    assertThat(Base64.getEncoder().encodeToString(IdFilter.of(List.of("a", "b", "größe"))))
        .isEqualTo("AQsNaYk=");
  }
}
