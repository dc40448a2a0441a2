package dev.sluice.dispatch;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.StoreException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The intent path: one thread commits what all lanes asked for meanwhile in one call. It is not the
 * thread of outcomes, so that the store can take both to the disk with one sync, and no lane waits
 * for the outcomes of another. While the store fails it repeats the same commit, and nothing that
 * needs an intent is sent. Every request is answered, at the latest when the process stops: what
 * waits for an answer holds places that are given back before its leases are.
 */
final class IntentWriter implements IntentSink {

  private static final Logger log = LoggerFactory.getLogger(IntentWriter.class);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Requests of one commit; each is a window, or one item. */
  private static final int MAX_REQUESTS = 1_000;

  private final ShardQueue queue;
  private final StoreTrouble trouble;
  private final Queue<Request> requests = new ConcurrentLinkedQueue<>();
  private final Thread thread;

  /** What the store did not take yet; the writer's thread only. */
  private List<Request> group = List.of();

  private volatile boolean stopping;

  /** Set once nobody commits any more: what is asked for then is refused. */
  private volatile boolean ended;

  private volatile Consumer<Lease> onLost = lease -> {};

  private record Request(List<Intent> intents, Consumer<Set<Lease>> committed) {}

  IntentWriter(ShardQueue queue, ProcessClock clock) {
    this.queue = queue;
    this.trouble =
        new StoreTrouble(log, clock, "Intents could not be stored; what must not go twice waits.");
    this.thread = Thread.ofPlatform().name("sluice-intend").daemon(true).unstarted(this::run);
  }

  /**
   * Starts committing.
   *
   * @param lost takes leases that had moved on, on the committing thread
   */
  void start(Consumer<Lease> lost) {
    listen(lost);
    thread.start();
  }

  /** Says who is told, without a thread: somebody else calls {@link #step}. */
  void listen(Consumer<Lease> lost) {
    onLost = lost;
  }

  @Override
  public void intend(List<Intent> intents, Consumer<Set<Lease>> committed) {
    Request request = new Request(intents, committed);
    requests.add(request);
    LockSupport.unpark(thread);
    // The last look at the requests may have been before this one.
    if (ended && requests.remove(request)) {
      refuse(request);
    }
  }

  private void run() {
    while (!stopping) {
      if (group.isEmpty() && requests.isEmpty()) {
        LockSupport.parkNanos(this, POLL_NANOS);
      } else if (!step()) {
        LockSupport.parkNanos(this, RETRY_NANOS);
      }
    }
    refuseLeft();
  }

  /**
   * Commits what was asked for, or what the store did not take of it: after a lost reply that
   * changes nothing. Gives false when the store failed and the call is to be repeated.
   */
  boolean step() {
    if (group.isEmpty()) {
      group = take();
    }
    List<Request> current = group;
    if (current.isEmpty()) {
      return true;
    }
    try {
      Set<Lease> lost =
          new HashSet<>(
              queue.intend(
                  current.stream().flatMap(request -> request.intents().stream()).toList()));
      group = List.of();
      committed(current, lost);
      return true;
    } catch (StoreException e) {
      trouble.met(e);
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("Storing intents failed, indicates a bug; it goes on.");
    }
    return false;
  }

  private List<Request> take() {
    List<Request> group = new ArrayList<>();
    Request request;
    while (group.size() < MAX_REQUESTS && (request = requests.poll()) != null) {
      group.add(request);
    }
    return group;
  }

  private void committed(List<Request> group, Set<Lease> lost) {
    lost.forEach(lease -> run(() -> onLost.accept(lease)));
    group.forEach(request -> run(() -> request.committed().accept(lost)));
  }

  /** What one lane does with its answer must not keep the others from theirs. */
  private static void run(Runnable answer) {
    try {
      answer.run();
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("An intent could not be taken up, indicates a bug.");
    }
  }

  /**
   * Ends; what was not committed is refused, after a call to the store that is under way. Waits for
   * that for at most {@code millis}.
   */
  void stop(long millis) throws InterruptedException {
    stopping = true;
    LockSupport.unpark(thread);
    thread.join(millis);
    if (!thread.isAlive()) {
      refuseLeft();
    }
  }

  private void refuseLeft() {
    ended = true;
    List<Request> left = group;
    group = List.of();
    left.forEach(IntentWriter::refuse);
    Request request;
    while ((request = requests.poll()) != null) {
      refuse(request);
    }
  }

  private static void refuse(Request request) {
    Set<Lease> all = new HashSet<>();
    request.intents().forEach(intent -> all.add(intent.lease()));
    run(() -> request.committed().accept(all));
  }
}
