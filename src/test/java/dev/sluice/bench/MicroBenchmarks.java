package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs the JMH benchmarks, which stand beside what they measure; {@code ./mvnw -Pjmh verify} runs
 * it. The property {@code jmh.include} is a regular expression that picks some, {@code jmh.args}
 * holds options of JMH's command line, which win over those of the classes.
 */
public final class MicroBenchmarks {

  private static final Path RESULTS = Path.of("target/jmh/results.json");

  private MicroBenchmarks() {}

  /** Runs what is wanted, prints the table and writes the results; a failure ends it. */
  public static void main(String[] args)
      throws IOException, CommandLineOptionException, RunnerException {
    Files.createDirectories(RESULTS.getParent());
    new Runner(
            new OptionsBuilder()
                .parent(new CommandLineOptions(commandLine()))
                .jvmArgsPrepend(JvmOptions.and())
                .shouldFailOnError(true)
                .resultFormat(ResultFormatType.JSON)
                .result(RESULTS.toString())
                .build())
        .run();
  }

  private static String[] commandLine() {
    List<String> words = new ArrayList<>();
    String options = System.getProperty("jmh.args", "").strip();
    if (!options.isEmpty()) {
      words.addAll(List.of(options.split("\\s+", -1)));
    }
    words.add(System.getProperty("jmh.include", ".*"));
    return words.toArray(String[]::new);
  }
}
