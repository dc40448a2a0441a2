package dev.sluice.store.jdbc;

import dev.sluice.store.StoreHealth;

/** An open store. */
interface JdbcStore extends StoreHealth, AutoCloseable {

  StoreRoles roles();

  /** Ends reads and writes, each after what it had begun. */
  @Override
  void close();
}
