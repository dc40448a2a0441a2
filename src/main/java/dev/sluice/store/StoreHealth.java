package dev.sluice.store;

/** Tells whether the store can do its work. */
public interface StoreHealth {

  /**
   * Writes and reads back, within {@code 2 s}.
   *
   * @throws StoreException when the store cannot
   */
  void check();

  /** Tells whether other processes work on the same store, so that its failure is theirs too. */
  default boolean isShared() {
    return false;
  }
}
