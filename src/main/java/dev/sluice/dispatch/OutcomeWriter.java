package dev.sluice.dispatch;

import dev.sluice.model.Attempt;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.Outcome;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.Halt;
import dev.sluice.store.ShardQueue.Intent;
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
  private final StoreTrouble trouble;
  private final Queue<Entry> entries = new ConcurrentLinkedQueue<>();
  private final AtomicInteger unflushed = new AtomicInteger();
  private final Thread thread;

  /**
   * What the store did not take yet, if anything; the writer's thread only, like all that follows.
   */
  private @Nullable Group group;

  private boolean gaveUp;

  private volatile boolean stopping;
  private volatile Runnable onRoom = () -> {};
  private volatile Consumer<SettleReport> onSettled = report -> {};

  private sealed interface Entry {
    record Ended(Lease lease, Outcome outcome) implements Entry {}

    record Tried(Lease lease, Attempt attempt) implements Entry {}

    record Outlived(Intent intent) implements Entry {}

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
    this.trouble =
        new StoreTrouble(
            log, clock, "Outcomes could not be stored; sending stops when the buffer is full.");
    this.thread = Thread.ofPlatform().name("sluice-settle").daemon(true).unstarted(this::run);
  }

  /**
   * Starts committing.
   *
   * @param room runs after each commit
   * @param settled takes each report, on the committing thread
   */
  void start(Runnable room, Consumer<SettleReport> settled) {
    listen(room, settled);
    thread.start();
  }

  /** Says who is told, without a thread: somebody else calls {@link #step}. */
  void listen(Runnable room, Consumer<SettleReport> settled) {
    onRoom = room;
    onSettled = settled;
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
  public void outlived(Intent intent) {
    enqueue(new Entry.Outlived(intent));
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
    while (!stopping || group != null || !entries.isEmpty()) {
      if (group == null && unflushed.get() < properties.flushSize() && !stopping) {
        LockSupport.parkNanos(this, properties.flushInterval().toNanos());
      }
      if (!step()) {
        LockSupport.parkNanos(this, RETRY_NANOS);
      }
    }
  }

  /**
   * Commits the next group, or what the store did not take of the last one: after a lost reply that
   * is harmless, the store knows its own. Gives false when the store failed and the call is to be
   * repeated.
   */
  boolean step() {
    Group current = group == null ? take() : group;
    if (current == null) {
      return true;
    }
    group = current;
    if (!current.tryCommit()) {
      return false;
    }
    group = null;
    if (!gaveUp) {
      unflushed.addAndGet(-current.size);
      onRoom.run();
    }
    return true;
  }

  private @Nullable Group take() {
    List<Entry> taken = new ArrayList<>(Math.min(unflushed.get(), properties.flushSize()));
    Entry entry;
    while (taken.size() < properties.flushSize() && (entry = entries.poll()) != null) {
      taken.add(entry);
    }
    return taken.isEmpty() ? null : new Group(taken);
  }

  /**
   * What is committed together: what was settled, then the shards that go back. Once something was
   * given up, at the end of the process, no shard goes back any more: its lease tells the next
   * start that something of it may have been sent.
   */
  private final class Group {
    private final List<Settlement> settlements;
    private final List<GivenBack> givenBack = new ArrayList<>();
    private final List<Runnable> awaited = new ArrayList<>();
    private final int size;
    private int outcomeCount;
    private boolean settled;

    Group(List<Entry> taken) {
      Map<Lease, Settlement> byLease = new LinkedHashMap<>();
      for (Entry entry : taken) {
        switch (entry) {
          case Entry.Ended(Lease lease, Outcome outcome) -> {
            settlement(byLease, lease).outcomes().add(outcome);
            outcomeCount++;
          }
          case Entry.Tried(Lease lease, Attempt attempt) ->
              settlement(byLease, lease).attempts().add(attempt);
          case Entry.Outlived(Intent intent) ->
              settlement(byLease, intent.lease()).outlived().add(intent);
          case Entry.Returned(GivenBack shard) -> givenBack.add(shard);
          case Entry.Awaited(Runnable task) -> awaited.add(task);
        }
      }
      settlements = List.copyOf(byLease.values());
      size = taken.size();
      settled = settlements.isEmpty();
    }

    /** Gives false when the store failed; true also when that was given up. */
    boolean tryCommit() {
      if (!settled) {
        long began = clock.nanoTime();
        if (!isTaken(() -> settled(queue.settle(settlements)))) {
          return false;
        }
        settled = true;
        if (!gaveUp) {
          observer.settleEnded(outcomeCount, clock.nanoTime() - began, true);
        }
      }
      if (!givenBack.isEmpty() && !gaveUp) {
        if (!isTaken(() -> queue.giveBack(givenBack))) {
          return false;
        }
        observer.shardsGivenBack(givenBack.size());
      }
      if (!gaveUp) {
        awaited.forEach(OutcomeWriter::run);
      }
      return true;
    }
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
        lease,
        key -> new Settlement(key, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(0)));
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
   * Gives whether the store took a commit, or it was given up, which only a stopping process does.
   */
  private boolean isTaken(Runnable commit) {
    boolean givenUp;
    try {
      commit.run();
      return true;
    } catch (StoreException e) {
      trouble.met(e);
      givenUp = stopping && e.kind() != StoreException.Kind.UNAVAILABLE;
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("Storing outcomes failed, indicates a bug; sending stops.");
      givenUp = stopping;
    }
    observer.settleEnded(0, 0, false);
    gaveUp |= givenUp;
    return givenUp;
  }

  /** Commits what is left and ends; waits for at most {@code millis}. */
  void stop(long millis) throws InterruptedException {
    stopping = true;
    LockSupport.unpark(thread);
    thread.join(millis);
  }
}
