package dev.sluice.store.jdbc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers beyond the end of the process that damage was met. Without it a supervisor that starts
 * the process again and again would have the same items sent each time.
 */
final class DamageMark {

  private static final Logger log = LoggerFactory.getLogger(DamageMark.class);

  private DamageMark() {}

  static Path pathBeside(Path store) {
    return store.resolveSibling(store.getFileName() + "-damaged");
  }

  /** Remembers what was met. Never throws: there is a greater trouble already. */
  static void put(Path store, String what) {
    try {
      Files.writeString(
          pathBeside(store),
          what + System.lineSeparator(),
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.WRITE,
          StandardOpenOption.SYNC);
    } catch (IOException e) {
      log.atError().addKeyValue("file", store).setCause(e).log("Damage could not be remembered.");
    }
  }

  static boolean isPresent(Path store) {
    return Files.exists(pathBeside(store));
  }

  static void remove(Path store) throws IOException {
    Files.deleteIfExists(pathBeside(store));
  }
}
