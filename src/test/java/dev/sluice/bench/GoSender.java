package dev.sluice.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The Go program of {@code src/bench/go}, where a {@code go} tool is on the path. */
final class GoSender {

  static final String COMMON = "Go, as commonly written";
  static final String TUNED = "Go, tuned";

  private static final Path SOURCE = Path.of("src", "bench", "go").toAbsolutePath();

  private final Path binary;

  private GoSender(Path binary) {
    this.binary = binary;
  }

  /** Builds it; empty when there is no {@code go} tool. */
  static Optional<GoSender> build(Path directory) {
    boolean present =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
            .map(folder -> Path.of(folder, "go"))
            .anyMatch(Files::isExecutable);
    if (!present) {
      return Optional.empty();
    }
    Path binary = directory.resolve("go-sender");
    try {
      int exit =
          new ProcessBuilder("go", "build", "-o", binary.toString(), ".")
              .directory(SOURCE.toFile())
              .inheritIO()
              .start()
              .waitFor();
      if (exit != 0) {
        throw new IllegalStateException("go build ended with " + exit);
      }
    } catch (IOException failure) {
      throw new IllegalStateException("Could not run go build in " + SOURCE, failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while building the Go sender", interrupted);
    }
    return Optional.of(new GoSender(binary));
  }

  /** Starts one goroutine per item behind a semaphore. */
  Contender common(Cores cores, String url, int bodyBytes) {
    return new SenderProcess(
        COMMON, cores.contender(command("semaphore", url, bodyBytes)), Map.of());
  }

  /** Starts a pool of workers with a garbage collector that runs less often. */
  Contender tuned(Cores cores, String url, int bodyBytes) {
    return new SenderProcess(
        TUNED, cores.contender(command("workers", url, bodyBytes)), Map.of("GOGC", "400"));
  }

  private List<String> command(String style, String url, int bodyBytes) {
    return new ArrayList<>(
        List.of(
            binary.toString(), "-url", url, "-body", Integer.toString(bodyBytes), "-style", style));
  }
}
