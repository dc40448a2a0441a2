package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the processes of one scenario write; gone afterwards. */
record RunDirectory(Path path) implements AutoCloseable {

  /** Makes an empty one; what an earlier run that was broken off left there is deleted. */
  static RunDirectory of(Plan plan, String scenario) throws IOException {
    Path path = plan.directory().resolve("run").resolve(scenario);
    if (Files.exists(path)) {
      Directories.delete(path);
    }
    return new RunDirectory(Files.createDirectories(path));
  }

  @Override
  public void close() throws IOException {
    Directories.delete(path);
  }
}
