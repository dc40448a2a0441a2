package dev.sluice.store.jdbc;

/** Whether what this process claimed is its own. Any thread. */
interface Leases {

  /** Those of a process that shares its store with nobody. */
  Leases ALWAYS =
      new Leases() {
        @Override
        public boolean haveRivals() {
          return false;
        }

        @Override
        public boolean areHeld(long nanoTime) {
          return true;
        }

        @Override
        public boolean areOf(long owner) {
          return true;
        }

        @Override
        public void onLost(Runnable listener) {
          // Nobody takes them.
        }
      };

  /** Tells whether there may be others who want them. */
  boolean haveRivals();

  /** Tells whether no peer can have taken them yet at process nanos. */
  boolean areHeld(long nanoTime);

  /** Tells whether this process still is the replica of this id. */
  boolean areOf(long owner);

  /** Has {@code listener} called when all of them are void. */
  void onLost(Runnable listener);
}
