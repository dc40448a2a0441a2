package dev.sluice.store.jdbc;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Tells listeners, once a commit, that shards may have become claimable. Any thread. */
final class Readiness implements Runnable {

  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile Runnable others = () -> {};

  void add(Runnable listener) {
    listeners.add(listener);
  }

  /**
   * Says who tells the other replicas.
   *
   * @param ring called after each commit; must return at once
   */
  void tellOthers(Runnable ring) {
    others = ring;
  }

  /** Has the listeners called after the commit of the running unit. */
  void changed(Session session) {
    session.afterCommitOnce(this);
  }

  /** A commit of this process did it. */
  @Override
  public void run() {
    heard();
    others.run();
  }

  /** A commit of any replica did it. */
  void heard() {
    listeners.forEach(Runnable::run);
  }
}
