package dev.sluice.store.jdbc;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Tells listeners, once a commit, that shards may have become claimable. */
final class Readiness implements Runnable {

  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  void add(Runnable listener) {
    listeners.add(listener);
  }

  /** Has the listeners called after the commit of the running unit. */
  void changed(Session session) {
    session.afterCommitOnce(this);
  }

  @Override
  public void run() {
    listeners.forEach(Runnable::run);
  }
}
