package dev.sluice.chaos;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Which run each replica was in, at any time. Any thread. */
final class Lives implements Sightings.Senders {

  private final List<Begun> begun = new CopyOnWriteArrayList<>();
  private final AtomicInteger runs = new AtomicInteger();

  private record Begun(int replica, int run, Instant at) {}

  /** Begins another run of a replica and gives its number. */
  int begin(int replica, Instant at) {
    int run = runs.incrementAndGet();
    begun.add(new Begun(replica, run, at));
    return run;
  }

  @Override
  public int run(int sender, Instant at) {
    int run = 0;
    for (Begun one : begun) {
      if (one.replica == sender && !one.at.isAfter(at)) {
        run = one.run;
      }
    }
    return run;
  }
}
