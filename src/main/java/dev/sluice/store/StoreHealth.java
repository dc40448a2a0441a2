package dev.sluice.store;

/** Tells whether the store can do its work. */
public interface StoreHealth {

  /**
   * Writes and reads back, within {@code 1 s}.
   *
   * @throws StoreException when the store cannot
   */
  void check();
}
