package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;

/** Prometheus's own judge of rules; whoever calls it is left out where it is not installed. */
final class Promtool {

  private Promtool() {}

  /** Writes {@code rules.yaml} into a directory. */
  static void write(Path directory, Object rules) throws IOException {
    Files.writeString(directory.resolve("rules.yaml"), new Yaml().dump(rules));
  }

  /** Gives what it says in a directory; it must be content. */
  static String run(Path directory, String... arguments) throws IOException, InterruptedException {
    assumeTrue(isThere(), "promtool is not on the PATH; it comes with Debian's package prometheus");
    Path output = directory.resolve("output");
    List<String> command = Stream.concat(Stream.of("promtool"), Stream.of(arguments)).toList();
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int exit = process.waitFor();
    String text = Files.readString(output);
    assertThat(exit).as(text).isZero();
    return text;
  }

  private static boolean isThere() {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .anyMatch(path -> Files.isExecutable(Path.of(path, "promtool")));
  }
}
