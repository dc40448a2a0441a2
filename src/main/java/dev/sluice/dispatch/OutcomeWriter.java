package dev.sluice.dispatch;

import dev.sluice.model.Attempt;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.Outcome;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.Halt;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.SettleReport;
import dev.sluice.store.ShardQueue.Settlement;
import dev.sluice.store.StoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The outcome path: one thread commits outcomes, attempts and give-backs in groups, in the order
 * they came. While the store fails it repeats the same commit, and sending stops when the buffer is
 * full; nothing is dropped. Adding: any thread, never blocks.
 */
final class OutcomeWriter implements OutcomeSink {

  private static final Logger log = LoggerFactory.getLogger(OutcomeWriter.class);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final ShardQueue queue;
  private final DispatchProperties properties;
  private final ProcessClock clock;
  private final DispatchObserver observer;
  private final Queue<Entry> entries = new ConcurrentLinkedQueue<>();
  private final AtomicInteger unflushed = new AtomicInteger();
  private final Thread thread;

  /** The writer's thread only. */
  private boolean gaveUp;

  private volatile boolean stopping;
  private volatile Runnable onRoom = () -> {};
  private volatile Consumer<SettleReport> onSettled = report -> {};

  private sealed interface Entry {
    record Ended(Lease lease, Outcome outcome) implements Entry {}

    record Tried(Lease lease, Attempt attempt) implements Entry {}

    record Returned(GivenBack shard) implements Entry {}

    record Awaited(Runnable task) implements Entry {}
  }

  OutcomeWriter(
      ShardQueue queue,
      DispatchProperties properties,
      ProcessClock clock,
      DispatchObserver observer) {
    this.queue = queue;
    this.properties = properties;
    this.clock = clock;
    this.observer = observer;
    this.thread = Thread.ofPlatform().name("sluice-settle").daemon(true).unstarted(this::run);
  }

  /**
   * Starts committing.
   *
   * @param room runs after each commit
   * @param settled takes each report, on the committing thread
   */
  void start(Runnable room, Consumer<SettleReport> settled) {
    onRoom = room;
    onSettled = settled;
    thread.start();
  }

  @Override
  public void add(Lease lease, Outcome outcome) {
    enqueue(new Entry.Ended(lease, outcome));
  }

  @Override
  public void add(Lease lease, Attempt attempt) {
    enqueue(new Entry.Tried(lease, attempt));
  }

  @Override
  public void giveBack(Lease lease, @Nullable Instant notBefore) {
    enqueue(new Entry.Returned(new GivenBack(lease, notBefore)));
    LockSupport.unpark(thread);
  }

  @Override
  public void whenStored(Runnable task) {
    enqueue(new Entry.Awaited(task));
    LockSupport.unpark(thread);
  }

  private void enqueue(Entry entry) {
    entries.add(entry);
    if (unflushed.incrementAndGet() == properties.flushSize()) {
      LockSupport.unpark(thread);
    }
  }

  /** Tells whether sending may go on. */
  boolean hasRoom() {
    return unflushed.get() < properties.outcomeBuffer();
  }

  /** Gives entries not yet on disk. */
  int unflushedCount() {
    return unflushed.get();
  }

  private void run() {
    while (!stopping || !entries.isEmpty()) {
      if (unflushed.get() < properties.flushSize() && !stopping) {
        LockSupport.parkNanos(this, properties.flushInterval().toNanos());
      }
      List<Entry> group = take();
      if (!group.isEmpty()) {
        if (commit(group)) {
          unflushed.addAndGet(-group.size());
          onRoom.run();
        }
      }
    }
  }

  private List<Entry> take() {
    List<Entry> group = new ArrayList<>(Math.min(unflushed.get(), properties.flushSize()));
    Entry entry;
    while (group.size() < properties.flushSize() && (entry = entries.poll()) != null) {
      group.add(entry);
    }
    return group;
  }

  /**
   * Gives whether everything is on disk. Once something was given up, at the end of the process, no
   * shard goes back any more: its lease tells the next start that something of it may have been
   * sent.
   */
  private boolean commit(List<Entry> group) {
    Map<Lease, Settlement> settlements = new LinkedHashMap<>();
    List<GivenBack> givenBack = new ArrayList<>();
    List<Runnable> awaited = new ArrayList<>();
    int outcomes = 0;
    for (Entry entry : group) {
      switch (entry) {
        case Entry.Ended(Lease lease, Outcome outcome) -> {
          settlement(settlements, lease).outcomes().add(outcome);
          outcomes++;
        }
        case Entry.Tried(Lease lease, Attempt attempt) ->
            settlement(settlements, lease).attempts().add(attempt);
        case Entry.Returned(GivenBack shard) -> givenBack.add(shard);
        case Entry.Awaited(Runnable task) -> awaited.add(task);
      }
    }
    if (!settlements.isEmpty()) {
      List<Settlement> all = List.copyOf(settlements.values());
      long began = clock.nanoTime();
      gaveUp |= !repeat(() -> settled(queue.settle(all)));
      if (!gaveUp) {
        observer.settleEnded(outcomes, clock.nanoTime() - began, true);
      }
    }
    if (!givenBack.isEmpty() && !gaveUp) {
      gaveUp = !repeat(() -> queue.giveBack(givenBack));
      observer.shardsGivenBack(givenBack.size());
    }
    if (!gaveUp) {
      awaited.forEach(OutcomeWriter::run);
    }
    return !gaveUp;
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("What awaited a commit failed, indicates a bug.");
    }
  }

  private static Settlement settlement(Map<Lease, Settlement> settlements, Lease lease) {
    return settlements.computeIfAbsent(
        lease, key -> new Settlement(key, new ArrayList<>(), new ArrayList<>()));
  }

  private void settled(SettleReport report) {
    report.inserted().forEach(observer::outcomesCommitted);
    if (!report.fenced().isEmpty()) {
      log.atWarn()
          .addKeyValue("shards", report.fenced().size())
          .log("Shards had moved to another holder; what was not yet stored of them was dropped.");
      observer.leaseLost(report.fenced().size());
    }
    for (Halt halt : report.halted()) {
      log.atWarn()
          .addKeyValue("batch", halt.batch().publicId())
          .addKeyValue("rule", halt.rule())
          .log("Batch halted by its outcomes; its stateReason tells why.");
      observer.batchHalted(halt.rule());
    }
    onSettled.accept(report);
  }

  /**
   * Repeats a commit until the store takes it; after a lost reply that is harmless, the store knows
   * its own. Gives false when it gave up, which only a stopping process does.
   */
  private boolean repeat(Runnable commit) {
    while (true) {
      try {
        commit.run();
        return true;
      } catch (StoreException e) {
        observer.settleEnded(0, 0, false);
        log.atWarn()
            .addKeyValue("kind", e.kind())
            .setCause(e)
            .log("Outcomes could not be stored; sending stops when the buffer is full.");
        if (stopping && e.kind() != StoreException.Kind.UNAVAILABLE) {
          return false;
        }
        LockSupport.parkNanos(this, RETRY_NANOS);
      } catch (RuntimeException e) {
        observer.settleEnded(0, 0, false);
        log.atError().setCause(e).log("Storing outcomes failed, indicates a bug; sending stops.");
        if (stopping) {
          return false;
        }
        LockSupport.parkNanos(this, RETRY_NANOS);
      }
    }
  }

  /** Commits what is left and ends; waits for at most {@code millis}. */
  void stop(long millis) throws InterruptedException {
    stopping = true;
    LockSupport.unpark(thread);
    thread.join(millis);
  }
}
