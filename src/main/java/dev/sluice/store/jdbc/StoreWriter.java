package dev.sluice.store.jdbc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Runs units of work that change the store, each whole or not at all. */
interface StoreWriter {

  /**
   * Runs {@code work} and returns after its commit is on disk. It may run more than once, until one
   * run is committed.
   *
   * @throws dev.sluice.store.StoreException when it did not take effect, or nobody knows whether it
   *     did
   */
  <T extends @Nullable Object> T write(Session.Work<T> work);

  /**
   * Like {@link #write}, but a loss of power soon after may undo {@code work}: for what is
   * worthless by then, such as a lease of this process. Nothing that was answered to a client, or
   * that says what was sent.
   */
  <T extends @Nullable Object> T writeForgettable(Session.Work<T> work);

  /** Like {@link #write}, but gives up waiting after {@code timeout}. */
  <T extends @Nullable Object> T write(Session.Work<T> work, Duration timeout);
}
