package dev.sluice.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The JVM options that the image starts Sluice with; every JVM that is compared gets them. */
final class JvmOptions {

  private static final Path FILE = Path.of("src", "main", "docker", "jvm.options");

  static final List<String> RECOMMENDED = read(FILE);

  private JvmOptions() {}

  /** Gives the recommended options and some more. */
  static String[] and(String... more) {
    List<String> all = new ArrayList<>(RECOMMENDED);
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  /** Gives the arguments in a file of one a line, without its comments. */
  static List<String> read(Path file) {
    try (var lines = Files.lines(file)) {
      return lines.filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    } catch (IOException failure) {
      throw new UncheckedIOException("The benchmark runs in the project's directory", failure);
    }
  }
}
