package dev.sluice.bench;

import dev.sluice.fixture.AheadOfTime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The JVM options that the image starts Sluice with; every JVM that is compared gets them. */
final class JvmOptions {

  private static final Path FILE = Path.of("src", "main", "docker", "jvm.options");

  private static final Path TRAINING = Path.of("src", "main", "docker", "training.args");

  static final List<String> RECOMMENDED = read(FILE);

  private JvmOptions() {}

  /** Gives the recommended options and some more. */
  static String[] and(String... more) {
    List<String> all = new ArrayList<>(RECOMMENDED);
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  /** Makes an ahead-of-time cache with the options and the training of the image. */
  static AheadOfTime train(Path directory) throws IOException {
    return AheadOfTime.train(directory, List.of(and("-Xmx512m")), read(TRAINING));
  }

  private static List<String> read(Path file) {
    try (var lines = Files.lines(file)) {
      return lines.filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    } catch (IOException failure) {
      throw new UncheckedIOException("The benchmark runs in the project's directory", failure);
    }
  }
}
