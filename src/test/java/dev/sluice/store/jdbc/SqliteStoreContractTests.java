package dev.sluice.store.jdbc;

import dev.sluice.store.StoreContract;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** The laws of the store, on a real SQLite file. */
class SqliteStoreContractTests extends StoreContract {

  @TempDir Path directory;
  private final List<SqliteStore> opened = new ArrayList<>();
  private Path file;

  @Override
  protected Roles create() {
    file = directory.resolve("first/sluice.db");
    return open(file);
  }

  private Roles open(Path at) {
    SqliteStore store = TestStores.open(at, clock);
    opened.add(store);
    return new Roles(
        store.roles().batchWriter(),
        store.roles().shardQueue(),
        store.roles().controlBoard(),
        store.roles().batchReader(),
        store.roles().housekeeping(),
        store);
  }

  /** What a killed process leaves is the file and its log as they are at that moment. */
  @Override
  protected Roles crashAndReopen() {
    file = TestStores.image(file, directory.resolve("next-" + opened.size()));
    return open(file);
  }

  @Override
  protected void close() {
    opened.forEach(SqliteStore::close);
  }
}
