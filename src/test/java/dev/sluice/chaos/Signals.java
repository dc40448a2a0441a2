package dev.sluice.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Commands of the operating system. */
final class Signals {

  private Signals() {}

  /** Stops a process in its tracks. */
  static void stop(long pid) {
    var _ = run("kill", "-STOP", Long.toString(pid));
  }

  /** Lets a stopped process go on. */
  static void resume(long pid) {
    var _ = run("kill", "-CONT", Long.toString(pid));
  }

  /** Runs a command to its end and gives what it printed. */
  static String run(Object... command) {
    List<String> words = java.util.Arrays.stream(command).map(Object::toString).toList();
    try {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new UncheckedIOException(
            new IOException(words + " gave " + process.exitValue() + ": " + output));
      }
      return output;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted during " + words, interrupted);
    }
  }

  /** Tells whether a path is a mount point. */
  static boolean isMounted(Path path) {
    return run("cat", "/proc/self/mounts").contains(" " + path + " ");
  }
}
