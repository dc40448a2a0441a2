package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Opens stores as the service does. */
final class TestStores {

  private TestStores() {}

  static StoreProperties properties(Path file) {
    return new Binder(
            new MapConfigurationPropertySource(Map.of("sluice.store.path", file.toString())))
        .bindOrCreate("sluice.store", StoreProperties.class);
  }

  static SqliteStore open(Path file, ProcessClock clock) {
    return SqliteStore.open(properties(file), clock, new SecureRandom(), () -> {});
  }

  /** Copies a store as it lies on the disk; gives the copy's file. */
  static Path image(Path file, Path into) {
    try {
      Files.createDirectories(into);
      for (String suffix : new String[] {"", "-wal"}) {
        Path source = file.resolveSibling(file.getFileName() + suffix);
        if (Files.exists(source)) {
          Files.copy(source, into.resolve(source.getFileName()));
        }
      }
      return into.resolve(file.getFileName());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
