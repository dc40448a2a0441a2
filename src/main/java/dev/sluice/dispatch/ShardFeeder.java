package dev.sluice.dispatch;

import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.ReadyDestination;
import dev.sluice.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps lanes filled: asks the store which destinations have work, claims what their lanes have
 * room for, and hands it over. One thread, woken by the store when work appears and by lanes when
 * they have room.
 */
final class ShardFeeder {

  private static final Logger log = LoggerFactory.getLogger(ShardFeeder.class);
  private static final int PAGE = 256;
  private static final Duration UNUSABLE = Duration.ofMinutes(1);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final ShardQueue queue;
  private final Lanes lanes;
  private final PayloadMemory memory;
  private final OutcomeSink sink;
  private final ProcessClock clock;
  private final DispatchObserver observer;
  private final StoreTrouble trouble;
  private final AtomicBoolean wanted = new AtomicBoolean(true);
  private final Thread thread;
  private volatile boolean stopping;

  /** How often all leases were lost. */
  private final AtomicInteger losses = new AtomicInteger();

  ShardFeeder(
      ShardQueue queue,
      Lanes lanes,
      PayloadMemory memory,
      OutcomeSink sink,
      ProcessClock clock,
      DispatchObserver observer) {
    this.queue = queue;
    this.lanes = lanes;
    this.memory = memory;
    this.sink = sink;
    this.clock = clock;
    this.observer = observer;
    this.trouble = new StoreTrouble(log, clock, "Work could not be claimed.");
    this.thread = Thread.ofPlatform().name("sluice-feed").daemon(true).unstarted(this::run);
  }

  /** Gives the bytes of claimed payloads; any thread. */
  long payloadBytes() {
    return memory.held();
  }

  void start() {
    queue.onReady(this::signal);
    queue.onLeasesLost(this::leasesLost);
    thread.start();
  }

  /**
   * Nothing that is here may begin any more. It leaves as if given back, for a shard may just have
   * been claimed anew: the store takes back what is held, and nothing else.
   */
  private void leasesLost() {
    losses.incrementAndGet();
    releaseAll();
    observer.replicaRetired();
    signal();
  }

  private void releaseAll() {
    lanes.all().forEach(lane -> lane.release(null));
  }

  /** Says that there is work or room. Any thread; returns at once. */
  void signal() {
    if (wanted.compareAndSet(false, true)) {
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    while (!stopping) {
      if (!wanted.getAndSet(false)) {
        LockSupport.parkNanos(this, POLL_NANOS);
      }
      try {
        feed();
      } catch (StoreException e) {
        trouble.met(e);
        LockSupport.parkNanos(this, POLL_NANOS);
      } catch (RuntimeException e) {
        log.atError().setCause(e).log("Feeding lanes failed, indicates a bug; it goes on.");
        LockSupport.parkNanos(this, POLL_NANOS);
      }
    }
  }

  /** One round over all destinations with work. */
  void feed() {
    long after = 0;
    while (!stopping && queue.holdsLeases(clock.nanoTime())) {
      List<ReadyDestination> ready = queue.ready(after, PAGE);
      if (ready.isEmpty()) {
        return;
      }
      after = ready.getLast().id();
      lanes.open(ready.stream().map(ReadyDestination::id).toList());
      claim(ready);
      if (ready.size() < PAGE) {
        return;
      }
    }
  }

  private void claim(List<ReadyDestination> ready) {
    List<ClaimRequest> requests = new ArrayList<>();
    for (ReadyDestination destination : ready) {
      Lane lane = lanes.lane(destination.id());
      ClaimRequest request = lane == null ? null : lane.wants(memory.room());
      if (request != null) {
        requests.add(request);
      }
    }
    if (requests.isEmpty() || stopping) {
      return;
    }
    int lossesBefore = losses.get();
    List<ClaimedShard> claimed = timed(requests);
    int items = 0;
    for (ClaimedShard shard : claimed) {
      items += shard.itemCount();
      handOver(shard);
    }
    if (losses.get() != lossesBefore) {
      // Some may have come to their lanes after these had been emptied.
      releaseAll();
    }
    if (!claimed.isEmpty()) {
      observer.shardsClaimed(claimed.size(), items);
      wanted.set(true);
    }
  }

  private List<ClaimedShard> timed(List<ClaimRequest> requests) {
    long began = clock.nanoTime();
    boolean answered = false;
    try {
      List<ClaimedShard> claimed = queue.claim(requests);
      answered = true;
      return claimed;
    } finally {
      observer.claimEnded(clock.nanoTime() - began, answered);
    }
  }

  /**
   * A shard that cannot be used goes back for a while; the others of its claim are not its
   * hostages.
   */
  private void handOver(ClaimedShard shard) {
    try {
      lanes.add(shard);
    } catch (RuntimeException e) {
      log.atError()
          .addKeyValue("shard", shard.lease().shardId())
          .addKeyValue("batch", shard.terms().batch().publicId())
          .setCause(e)
          .log("A claimed shard cannot be used and waits in the store.");
      sink.giveBack(shard.lease(), clock.instant().plus(UNUSABLE));
    }
  }

  /** Claims nothing more. */
  void stop(long millis) throws InterruptedException {
    stopping = true;
    LockSupport.unpark(thread);
    thread.join(millis);
  }
}
