package dev.sluice.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Changes good input, a few bytes at a time. What it gives depends on the seed alone. */
final class Mutator {

  private static final int MAX_BYTES = 64 * 1024;
  private static final int MAX_KEPT = 512;
  private static final List<byte[]> WORDS =
      List.of(
              "\"",
              "\\",
              "\\u0000",
              "\\ud800",
              "{",
              "}",
              "[",
              "]",
              ":",
              ",",
              "null",
              "true",
              "-1",
              "0",
              "1e999",
              "99999999999999999999",
              "0x7f",
              "\r\n",
              "\n",
              "\r",
              "\t",
              "\0",
              "%00",
              "%2e%2e",
              "%zz",
              "@",
              "#",
              "?",
              "://",
              "[::1]",
              "127.0.0.1",
              "xn--",
              "ÿ",
              "é",
              "\u2028",
              "Mon, 31 Feb 2026 25:61:61 GMT",
              "Infinity",
              "NaN",
              "P1Y",
              "PT-1S",
              "9999999999s",
              "=",
              "&",
              "+",
              ";",
              "headers",
              "body",
              "url",
              "\"a\":",
              "[[[[[[[[",
              "{\"a\":{\"a\":{\"a\":")
          .stream()
          .map(word -> word.getBytes(StandardCharsets.UTF_8))
          .toList();

  private final Random random;
  private final List<byte[]> kept;
  private final int seedCount;

  Mutator(long seed, List<byte[]> seeds) {
    this.random = new Random(seed);
    this.kept = new ArrayList<>(seeds);
    this.seedCount = seeds.size();
  }

  byte[] next() {
    byte[] input = kept.get(random.nextInt(kept.size()));
    for (int i = 1 + random.nextInt(5); i > 0; i--) {
      input = changed(input);
    }
    if (input.length > MAX_BYTES) {
      input = Arrays.copyOf(input, MAX_BYTES);
    }
    // Some are changed further, so that faults behind others are found.
    if (random.nextInt(8) == 0) {
      if (kept.size() < MAX_KEPT) {
        kept.add(input);
      } else {
        kept.set(seedCount + random.nextInt(MAX_KEPT - seedCount), input);
      }
    }
    return input;
  }

  private byte[] changed(byte[] input) {
    int at = random.nextInt(input.length + 1);
    int end = Math.min(input.length, at + 1 + random.nextInt(16));
    return switch (random.nextInt(7)) {
      case 0 -> spliced(input, at, at, WORDS.get(random.nextInt(WORDS.size())));
      case 1 -> spliced(input, at, end, WORDS.get(random.nextInt(WORDS.size())));
      case 2 -> spliced(input, at, end, new byte[0]);
      case 3 -> spliced(input, at, at, Arrays.copyOfRange(input, at, end));
      case 4 -> flipped(input);
      case 5 -> spliced(input, at, at, piece(kept.get(random.nextInt(kept.size()))));
      default -> {
        byte[] noise = new byte[1 + random.nextInt(4)];
        random.nextBytes(noise);
        yield spliced(input, at, at, noise);
      }
    };
  }

  private byte[] piece(byte[] of) {
    int from = random.nextInt(of.length + 1);
    return Arrays.copyOfRange(of, from, from + random.nextInt(of.length - from + 1));
  }

  private byte[] flipped(byte[] input) {
    byte[] changed = input.clone();
    if (changed.length > 0) {
      changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return changed;
  }

  private static byte[] spliced(byte[] input, int from, int to, byte[] with) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(input.length + with.length);
    out.write(input, 0, from);
    out.writeBytes(with);
    out.write(input, to, input.length - to);
    return out.toByteArray();
  }
}
