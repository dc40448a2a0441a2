package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.StoreException;
import dev.sluice.store.TimeTrust;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import java.util.function.Consumer;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Opens stores as the service does. */
final class TestStores {

  private TestStores() {}

  static StoreProperties properties(Path file) {
    return properties(Map.of("sluice.store.path", file.toString()));
  }

  /** The defaults, but for one. */
  static StoreProperties properties(Path file, String name, String value) {
    return properties(Map.of("sluice.store.path", file.toString(), "sluice.store." + name, value));
  }

  private static StoreProperties properties(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("sluice.store", StoreProperties.class);
  }

  static SqliteStore open(Path file, ProcessClock clock) {
    return open(properties(file), clock, _ -> {});
  }

  static SqliteStore open(
      StoreProperties properties, ProcessClock clock, Consumer<StoreException> onFailStop) {
    return SqliteStore.open(
        properties, clock, new TimeTrust(clock, clock), new SecureRandom(), onFailStop);
  }

  /** Copies a store as it lies on the disk; gives the copy's file. */
  static Path image(Path file, Path into) {
    try {
      Files.createDirectories(into);
      for (String suffix : new String[] {"", "-wal", "-mark"}) {
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
