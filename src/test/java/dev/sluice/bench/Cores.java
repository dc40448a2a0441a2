package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a process may run. Sharing is how a service lives; keeping apart takes the scheduler out of
 * a comparison, and shows which sender asks less of one core.
 */
enum Cores {
  /** Everybody runs on every core. */
  SHARED("every core"),

  /** The contender alone on the second core; the sink and this process on the first. */
  APART("one core of its own");

  private static final String CONTENDER_CORE = "1";
  private static final String OTHER_CORE = "0";

  private final String words;

  Cores(String words) {
    this.words = words;
  }

  String words() {
    return words;
  }

  /** Tells whether this machine can keep processes apart. */
  static boolean canBeApart() {
    return Runtime.getRuntime().availableProcessors() > 1
        && Stream.of("/usr/bin/taskset", "/bin/taskset")
            .map(Path::of)
            .anyMatch(Files::isExecutable);
  }

  /** Gives the command so that it runs where a contender does. */
  List<String> contender(List<String> command) {
    return on(CONTENDER_CORE, command);
  }

  /** Gives the command so that it runs where everything else does. */
  List<String> other(List<String> command) {
    return on(OTHER_CORE, command);
  }

  private List<String> on(String core, List<String> command) {
    if (this == SHARED) {
      return command;
    }
    List<String> pinned = new ArrayList<>(List.of("taskset", "-c", core));
    pinned.addAll(command);
    return pinned;
  }

  /** Moves this process to where everything else runs, or back. */
  void moveThisProcess() {
    if (!canBeApart()) {
      return;
    }
    String cores =
        this == APART ? OTHER_CORE : "0-" + (Runtime.getRuntime().availableProcessors() - 1);
    try {
      int exit =
          new ProcessBuilder("taskset", "-acp", cores, Long.toString(ProcessHandle.current().pid()))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start()
              .waitFor();
      if (exit != 0) {
        throw new IllegalStateException("taskset ended with " + exit);
      }
    } catch (IOException failure) {
      throw new IllegalStateException("Could not run taskset", failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while moving to core " + cores, interrupted);
    }
  }
}
