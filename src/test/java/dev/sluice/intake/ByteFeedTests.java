package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.ProcessClock;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteFeedTests {

  private static final int MAX = 1024;

  /** Gives bytes in pieces of random length, as a network does. */
  private static ByteFeed feed(byte[] content, long seed) {
    Random random = new Random(seed);
    InputStream pieces =
        new ByteArrayInputStream(content) {
          @Override
          public synchronized int read(byte[] into, int offset, int length) {
            return super.read(into, offset, Math.min(length, 1 + random.nextInt(700)));
          }
        };
    return new ByteFeed(
        ContentStream.open(pieces, false, TestLimits.withMaxItem(MAX), ProcessClock.system(), null),
        MAX);
  }

  private static ByteFeed feed(String content) {
    return feed(content.getBytes(StandardCharsets.UTF_8), 1);
  }

  private static String slice(ByteFeed feed) {
    return new String(
        feed.buffer(), feed.start(), feed.end() - feed.start(), StandardCharsets.UTF_8);
  }

  private static List<String> lines(ByteFeed feed) {
    List<String> lines = new ArrayList<>();
    for (ByteFeed.Cut cut = feed.nextLine(); cut != ByteFeed.Cut.END; cut = feed.nextLine()) {
      lines.add(cut == ByteFeed.Cut.TOO_LONG ? "(too long)" : slice(feed));
    }
    return lines;
  }

  @Test
  void cutsLinesAtLfAndCrLf() {
    assertThat(lines(feed("a\nbb\r\n\n\r\nc"))).containsExactly("a", "bb", "", "", "c");
    assertThat(lines(feed("a\n"))).containsExactly("a");
    assertThat(lines(feed(""))).isEmpty();
    assertThat(lines(feed("\n"))).containsExactly("");
  }

  @Test
  void dropsAByteOrderMarkAtTheBeginningOnly() {
    assertThat(lines(feed("\ufeffa\n\ufeffb"))).containsExactly("a", "\ufeffb");
  }

  @Test
  void skipsALineThatIsTooLongAndGoesOn() {
    String fits = "x".repeat(MAX);
    assertThat(lines(feed("a\n" + fits + "y\n" + fits + "\r\n" + fits.repeat(300) + "\nb")))
        .containsExactly("a", "(too long)", fits, "(too long)", "b");
    assertThat(lines(feed(fits + "yy"))).containsExactly("(too long)");
  }

  @Test
  void cutsLinesWhereverTheNetworkCuts() {
    Random random = new Random(3);
    for (int round = 0; round < 300; round++) {
      List<String> wanted = new ArrayList<>();
      StringBuilder content = new StringBuilder();
      for (int i = random.nextInt(400); i > 0; i--) {
        String line = "é".repeat(random.nextInt(5)) + "z".repeat(random.nextInt(900));
        wanted.add(line);
        content.append(line).append(random.nextBoolean() ? "\n" : "\r\n");
      }
      byte[] bytes = content.toString().getBytes(StandardCharsets.UTF_8);
      assertThat(lines(feed(bytes, round))).isEqualTo(wanted);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"a\":[1,{\"b\":\"}]\\\"{\"}]}",
        "[[[]],\"]\"]",
        "\"a\\\\\"",
        "\"\\\"\"",
        "-12.5e3",
        "true",
        "{\"a\":\n\r\t 1 }"
      })
  void cutsValuesByTheirBrackets(String value) {
    for (String after : new String[] {",x", "]", "}", " ,", "\n", ":"}) {
      ByteFeed feed = feed(" \n" + value + after);
      feed.peek();

      assertThat(feed.nextValue()).isEqualTo(ByteFeed.Cut.WHOLE);
      assertThat(slice(feed)).isEqualTo(value);
      assertThat(feed.peek()).isEqualTo(after.strip().isEmpty() ? -1 : after.strip().charAt(0));
    }
  }

  @Test
  void tellsAValueThatIsCutOrTooLong() {
    ByteFeed cut = feed("{\"a\":[1");
    cut.peek();
    assertThat(cut.nextValue()).isEqualTo(ByteFeed.Cut.END);

    ByteFeed bomb = feed("[".repeat(5_000_000));
    bomb.peek();
    assertThat(bomb.nextValue()).isEqualTo(ByteFeed.Cut.TOO_LONG);
  }

  @Test
  void knowsWhetherASliceIsUtf8() {
    byte[][] bad = {
      {(byte) 0xc0, (byte) 0x80}, // overlong
      {(byte) 0xe0, (byte) 0x80, (byte) 0x80},
      {(byte) 0xf0, (byte) 0x80, (byte) 0x80, (byte) 0x80},
      {(byte) 0xed, (byte) 0xa0, (byte) 0x80}, // surrogate
      {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80}, // beyond U+10FFFF
      {(byte) 0xff},
      {(byte) 0x80},
      {(byte) 0xc3}, // cut
      {(byte) 0xe2, (byte) 0x82},
    };
    for (byte[] bytes : bad) {
      ByteFeed feed = feed(bytes, 1);
      assertThat(feed.nextLine()).isEqualTo(ByteFeed.Cut.WHOLE);
      assertThat(feed.isUtf8()).as("%02x", bytes[0]).isFalse();
    }
    ByteFeed good = feed("aé€😀\u0000");
    assertThat(good.nextLine()).isEqualTo(ByteFeed.Cut.WHOLE);
    assertThat(good.isUtf8()).isTrue();
  }
}
