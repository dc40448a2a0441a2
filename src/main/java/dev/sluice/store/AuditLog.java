package dev.sluice.store;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The record of who did what. It only grows, but for entries that are too old. The entries of each
 * process are a chain: whoever changes, takes out or puts in one breaks every hash after it.
 * Blocking.
 */
public interface AuditLog {

  /**
   * Appends entries in this order, in one commit.
   *
   * @throws StoreException when they are not on disk, or nobody knows; they may be appended again
   */
  void append(List<AuditEntry> entries);

  /** Which entries; null means any. */
  record Filter(@Nullable String tenant, @Nullable String caller, @Nullable String object) {}

  /**
   * Gives entries, newest first.
   *
   * @param beforeId goes on below this id; null begins with the newest
   */
  List<AuditRecord> entries(Filter filter, @Nullable Long beforeId, int limit);

  /**
   * What became of a look at a stretch of the chains.
   *
   * @param entries how many were looked at
   * @param brokenId the first that does not follow from the one before it; null when all do
   * @param lastId where to go on; null at the end
   */
  record Check(long entries, @Nullable Long brokenId, @Nullable Long lastId) {}

  /**
   * Looks whether entries follow from those before them, oldest first.
   *
   * @param afterId goes on above this id; 0 begins with the oldest
   */
  Check check(long afterId, int limit);

  /** Deletes at most {@code limit} entries older than a time, oldest first; gives how many. */
  int forget(Instant before, int limit);
}
