package dev.sluice.attempt;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import java.util.ArrayList;
import java.util.List;

/**
 * How late the event loops that send come to new work: each is given an empty task now and then,
 * and its wait is what a reply waits too. One thread calls.
 */
public final class LoopLag {

  private final List<Probe> probes = new ArrayList<>();

  LoopLag(EventExecutorGroup loops) {
    for (EventExecutor loop : loops) {
      probes.add(new Probe(loop));
    }
  }

  /**
   * Gives the nanos that the slowest loop let the task of the last call wait, so far if it still
   * waits, and gives each loop the next; 0 at the first call.
   */
  public long sample() {
    long longest = 0;
    for (Probe probe : probes) {
      longest = Math.max(longest, probe.waitedNanos());
      probe.send();
    }
    return longest;
  }

  private static final class Probe implements Runnable {
    private final EventExecutor loop;
    private long sentNanos = System.nanoTime();
    private volatile long waitedNanos;
    private volatile boolean waiting;

    Probe(EventExecutor loop) {
      this.loop = loop;
    }

    long waitedNanos() {
      return waiting ? System.nanoTime() - sentNanos : waitedNanos;
    }

    void send() {
      if (!waiting && !loop.isShuttingDown()) {
        sentNanos = System.nanoTime();
        waiting = true;
        loop.execute(this);
      }
    }

    @Override
    public void run() {
      waitedNanos = System.nanoTime() - sentNanos;
      waiting = false;
    }
  }
}
