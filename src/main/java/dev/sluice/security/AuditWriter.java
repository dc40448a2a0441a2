package dev.sluice.security;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.AuditEntry;
import dev.sluice.store.AuditLog;
import dev.sluice.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Appends to the audit record on a thread of its own, many entries a commit, so that no request
 * waits for it. What a crash loses is less than {@link #PAUSE} old. When the store takes nothing
 * and the queue is full, entries are counted instead, and the next append says how many are
 * missing.
 */
final class AuditWriter implements SmartLifecycle {

  /** Longest wait of an entry for its commit: at most five commits a second. */
  static final Duration PAUSE = Duration.ofMillis(200);

  private static final Logger log = LoggerFactory.getLogger(AuditWriter.class);
  private static final int MAX_WAITING = 10_000;
  private static final int MAX_BATCH = 1_000;
  private static final int FORGET_STEP = 1_000;
  private static final Duration FORGET_EVERY = Duration.ofMinutes(10);
  private static final Duration LAST_FLUSH = Duration.ofSeconds(5);

  private final AuditLog audit;
  private final ProcessClock clock;
  private final Duration keep;
  private final BlockingQueue<AuditEntry> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
  private final AtomicLong missing = new AtomicLong();
  private volatile boolean running;
  private @Nullable Thread thread;

  AuditWriter(AuditLog audit, ProcessClock clock, Duration keep) {
    this.audit = audit;
    this.clock = clock;
    this.keep = keep;
  }

  /** Takes an entry; any thread, never waits. */
  void add(AuditEntry entry) {
    if (!waiting.offer(entry)) {
      missing.incrementAndGet();
    }
  }

  private void run() {
    long forgotten = clock.nanoTime();
    List<AuditEntry> batch = new ArrayList<>();
    boolean last = false;
    while (!last) {
      last = !running;
      try {
        gather(batch, last);
        append(batch);
        if (clock.nanoTime() - forgotten >= FORGET_EVERY.toNanos()) {
          forgotten = clock.nanoTime();
          forget();
        }
      } catch (StoreException e) {
        log.atWarn().setCause(e).log("The audit record waits for the store.");
        last = last || !rest();
      } catch (InterruptedException _) {
        running = false;
      }
    }
  }

  private void gather(List<AuditEntry> batch, boolean last) throws InterruptedException {
    if (batch.isEmpty() && !last) {
      AuditEntry first = waiting.poll(1, TimeUnit.SECONDS);
      if (first == null) {
        return;
      }
      batch.add(first);
      TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
    }
    waiting.drainTo(batch, MAX_BATCH - batch.size());
  }

  private void append(List<AuditEntry> batch) {
    addGap(batch);
    while (!batch.isEmpty()) {
      audit.append(batch);
      batch.clear();
      waiting.drainTo(batch, running ? 0 : MAX_BATCH);
      addGap(batch);
    }
  }

  private void addGap(List<AuditEntry> batch) {
    long lost = missing.getAndSet(0);
    if (lost > 0) {
      batch.add(gap(lost));
    }
  }

  private AuditEntry gap(long lost) {
    log.atError().addKeyValue("entries", lost).log("The audit record has a gap.");
    return new AuditEntry(clock.instant(), "sluice", "", "gap", Long.toString(lost), 0, "", "");
  }

  private void forget() {
    int gone = FORGET_STEP;
    while (running && gone == FORGET_STEP) {
      gone = audit.forget(clock.instant().minus(keep), FORGET_STEP);
    }
  }

  private boolean rest() {
    try {
      TimeUnit.NANOSECONDS.sleep(Duration.ofSeconds(1).toNanos());
      return running;
    } catch (InterruptedException _) {
      running = false;
      return false;
    }
  }

  @Override
  public void start() {
    running = true;
    thread = Thread.ofPlatform().name("audit").daemon().start(this::run);
  }

  /** Appends what waits. */
  @Override
  public void stop() {
    running = false;
    Thread ending = thread;
    try {
      if (ending != null && !ending.join(LAST_FLUSH)) {
        ending.interrupt();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** Stops after the web server, which still brings entries. */
  @Override
  public int getPhase() {
    return 0;
  }
}
