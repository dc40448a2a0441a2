package dev.sluice.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How much is measured; each by a system property {@code bench.…}.
 *
 * @param items requests of a round
 * @param warmUpItems requests before the first round; a JVM needs about 300,000 to be warm
 * @param rounds how often each contender has its turn
 * @param bodyBytes size of a request's body
 * @param concurrencies requests in flight
 * @param only names of the sections to run; all when empty
 * @param directory gets the report and everything the processes write
 * @param baseline the jar of an earlier build to measure beside this one; null for none
 */
record Plan(
    int items,
    int warmUpItems,
    int rounds,
    int bodyBytes,
    List<Integer> concurrencies,
    Set<String> only,
    Path directory,
    @Nullable Path baseline) {

  static final Duration LIMIT = Duration.ofMinutes(10);

  static Plan fromProperties() {
    return new Plan(
        Integer.getInteger("bench.items", 200_000),
        Integer.getInteger("bench.warmUp", 300_000),
        Integer.getInteger("bench.rounds", 5),
        Integer.getInteger("bench.bodyBytes", 300),
        Arrays.stream(words("bench.concurrency", "64,256,1000")).map(Integer::valueOf).toList(),
        Set.copyOf(new TreeSet<>(List.of(words("bench.only", "")))),
        Path.of(System.getProperty("bench.directory", "target/bench")).toAbsolutePath(),
        baseline(System.getProperty("bench.baseline", "")));
  }

  private static @Nullable Path baseline(String jar) {
    return jar.isBlank() ? null : Path.of(jar).toAbsolutePath();
  }

  private static String[] words(String property, String otherwise) {
    String value = System.getProperty(property, otherwise);
    return value.isBlank() ? new String[0] : value.trim().split("\\s*,\\s*", -1);
  }

  /** Tells whether a section is wanted. */
  boolean wants(String section) {
    return only.isEmpty() || only.contains(section);
  }
}
