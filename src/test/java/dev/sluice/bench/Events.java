package dev.sluice.bench;

import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Bodies such as services send each other: the same fields in each, a third of it numbers and names
 * that no other has. What is stored is compressed, so a body that repeats itself would flatter it.
 */
final class Events {

  /** So many differ; together they are longer than what compression looks back. */
  static final int DISTINCT = 4096;

  /** Shorter bodies have room for a note only. */
  private static final int WHOLE = 280;

  private static final String[] TYPES = {
    "invoice.created", "invoice.paid", "customer.updated", "order.shipped", "payment.failed"
  };
  private static final String[] FIRST_NAMES = {
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas"
  };
  private static final String[] LAST_NAMES = {
    "Smith", "Meyer", "Rossi", "Novak", "Dubois", "Jensen", "Silva", "Kowalski", "Larsen", "Weber"
  };
  private static final String[] CITIES = {
    "Berlin", "Paris", "Oslo", "Lisboa", "Praha", "Wien", "Milano", "London"
  };

  private Events() {}

  /** Gives NDJSON lines to {@code url} whose bodies have exactly so many bytes, at least 11. */
  static IntFunction<String> lines(String url, int bodyBytes) {
    String[] lines =
        IntStream.range(0, DISTINCT)
            .mapToObj(
                index -> "{\"url\":\"%s\",\"body\":%s}".formatted(url, body(index, bodyBytes)))
            .toArray(String[]::new);
    return index -> lines[index % DISTINCT];
  }

  /** Gives the same body for the same index. */
  private static String body(int index, int bodyBytes) {
    SplittableRandom random = new SplittableRandom(index);
    String fields =
        "\"id\":\"evt_%016x%016x\",\"type\":\"%s\",\"created\":%d,\"customer\":\"cus_%016x\",\"name\":\"%s %s\","
            .formatted(
                random.nextLong(),
                random.nextLong(),
                any(TYPES, random),
                1_790_000_000 + random.nextInt(1_000_000),
                random.nextLong(),
                any(FIRST_NAMES, random),
                any(LAST_NAMES, random));
    String more =
        "\"email\":\"user%07d@example.com\",\"amount\":%d,\"currency\":\"EUR\",\"city\":\"%s\",\"zip\":\"%05d\","
            .formatted(
                random.nextInt(10_000_000),
                random.nextInt(1_000_000),
                any(CITIES, random),
                random.nextInt(100_000));
    String note = "\"note\":\"";
    String start = "{" + (bodyBytes < WHOLE ? "" : fields + more) + note;
    int rest = Math.max(0, bodyBytes - start.length() - "\"}".length());
    return start
        + random
            .ints(rest, 'a', 'z' + 1)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        + "\"}";
  }

  private static String any(String[] of, SplittableRandom random) {
    return of[random.nextInt(of.length)];
  }
}
