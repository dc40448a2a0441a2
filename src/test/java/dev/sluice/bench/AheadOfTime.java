package dev.sluice.bench;

import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An ahead-of-time cache (JEP 514, 515), made as the image makes it: the extracted jar runs the
 * demo once, and the JVM writes down the classes and profiles of that run.
 *
 * @param jar the extracted jar
 * @param file the cache
 */
record AheadOfTime(Path jar, Path file) {

  private static final Path TRAINING = Path.of("src", "main", "docker", "training.args");
  private static final long LIMIT_MINUTES = 5;

  /** Makes one; takes a minute or two. */
  static AheadOfTime train(Path directory) throws IOException {
    Path app = directory.resolve("app");
    Path file = directory.resolve("sluice.aot");
    run(
        directory,
        List.of(
            "-Djarmode=tools",
            "-jar",
            SluiceProcess.jar().toString(),
            "extract",
            "--destination",
            app.toString()));
    Path jar = app.resolve(SluiceProcess.jar().getFileName());
    List<String> training = new ArrayList<>(List.of(JvmOptions.and("-Xmx512m")));
    training.addAll(List.of("-XX:AOTCacheOutput=" + file, "-jar", jar.toString()));
    training.addAll(JvmOptions.read(TRAINING));
    training.add("--sluice.store.path=" + directory.resolve("training").resolve("sluice.db"));
    run(directory, training);
    return new AheadOfTime(jar, file);
  }

  private static void run(Path directory, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(arguments);
    Path log = directory.resolve("training.log");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IllegalStateException(
            "Failed or too slow: " + command + "\n" + Files.readString(log));
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while training", interrupted);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Prepares the same process with the cache. */
  SluiceProcess prepare(SluiceProcess process) {
    return process.from(jar).jvm("-XX:AOTCache=" + file);
  }
}
