package dev.sluice.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import net.jpountz.lz4.LZ4Factory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses how LZ4 is done: by the native library, or by Java where that cannot be loaded. */
final class Lz4 {

  private static final Logger log = LoggerFactory.getLogger(Lz4.class);
  private static final String UNPACKED = "liblz4-java-*";

  private Lz4() {}

  /**
   * Loads the library. It is unpacked to a file of its own in {@code java.io.tmpdir}, which stays
   * when the process is killed, and one more with each; as it is in memory by then, the file goes
   * at once.
   */
  static LZ4Factory load() {
    Path directory = Path.of(System.getProperty("java.io.tmpdir"));
    try {
      Set<Path> ofOthers = unpacked(directory);
      LZ4Factory loaded = LZ4Factory.nativeInstance();
      Set<Path> own = unpacked(directory);
      own.removeAll(ofOthers);
      delete(own);
      return loaded;
    } catch (LinkageError | IOException | RuntimeException failure) {
      log.atInfo()
          .addKeyValue("directory", directory)
          .setCause(failure)
          .log("Payloads are compressed by Java: the native library cannot be loaded.");
      return LZ4Factory.safeInstance();
    }
  }

  private static Set<Path> unpacked(Path directory) throws IOException {
    Set<Path> files = new HashSet<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, UNPACKED)) {
      found.forEach(files::add);
    }
    return files;
  }

  private static void delete(Set<Path> files) {
    for (Path file : files) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException inUse) {
        // Not on Linux; elsewhere the library sees to it.
        log.atDebug().addKeyValue("file", file).setCause(inUse).log("Stays until the exit.");
      }
    }
  }
}
