package dev.sluice.store.jdbc;

/**
 * Who this process is in its store: the owner of what it holds, and its column in the counters. A
 * process whose peers took it for dead goes on as another one. Any thread.
 */
final class Owner {

  private record Identity(long id, int slot) {}

  private volatile Identity identity = new Identity(0, 0);

  /** Begins to be this replica. */
  void become(long id, int slot) {
    identity = new Identity(id, slot);
  }

  /** Gives the id of its row in {@code replica}: {@code lease_owner} of all it holds. */
  long id() {
    return identity.id;
  }

  /** Gives its place among the live replicas: {@code replica_slot} of what it counts. */
  int slot() {
    return identity.slot;
  }
}
