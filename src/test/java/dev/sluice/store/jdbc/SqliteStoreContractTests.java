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

  @Override
  protected Roles create() {
    return open(directory.resolve("first/sluice.db"));
  }

  private Roles open(Path file) {
    SqliteStore store = TestStores.open(file, clock);
    opened.add(store);
    return new Roles(
        store.batchWriter(),
        store.shardQueue(),
        store.controlBoard(),
        store.batchReader(),
        store.housekeeping(),
        store);
  }

  /** What a killed process leaves is the file and its log as they are at that moment. */
  @Override
  protected Roles crashAndReopen() {
    return open(TestStores.image(directory.resolve("first/sluice.db"), directory.resolve("next")));
  }

  @Override
  protected void close() {
    opened.forEach(SqliteStore::close);
  }
}
