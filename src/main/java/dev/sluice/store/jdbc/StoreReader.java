package dev.sluice.store.jdbc;

import org.jspecify.annotations.Nullable;

/** Runs reads, each on one short snapshot. */
@FunctionalInterface
interface StoreReader {

  /**
   * Runs {@code work} on one snapshot and waits for it.
   *
   * @throws dev.sluice.store.StoreException when it failed or too many reads wait already
   */
  <T extends @Nullable Object> T read(Session.Work<T> work);
}
