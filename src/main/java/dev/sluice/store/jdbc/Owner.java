package dev.sluice.store.jdbc;

/**
 * Who this process is in its store: the owner of what it holds, and its column in the counters. A
 * process whose peers took it for dead goes on as another one. Any thread.
 */
final class Owner {

  /** No replica has this id. */
  static final long NOBODY = 0;

  /**
   * A replica.
   *
   * @param id of its row in {@code replica}
   * @param slot its place among the live ones
   */
  record Identity(long id, int slot) {}

  private volatile Identity identity;

  /** Nobody yet. */
  Owner() {
    this(new Identity(NOBODY, 0));
  }

  private Owner(Identity identity) {
    this.identity = identity;
  }

  /** Begins to be this replica. */
  void become(Identity replica) {
    identity = replica;
  }

  /** Gives who it is now, for a unit of work during which it must not change. */
  Owner now() {
    return new Owner(identity);
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
