package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptRequest;
import dev.sluice.attempt.Attempter;
import dev.sluice.attempt.Cutter;
import dev.sluice.model.DispatchTracer.AttemptTrace;
import dev.sluice.model.Verdict;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * One long-lived inner of a lane's {@code flatMap}: takes the next sendable item when its exchange
 * completes, and ends when none is sendable. Synchronous completions are trampolined, so the stack
 * does not grow.
 */
final class LaneLoop extends Mono<Void> {

  private static final Logger log = LoggerFactory.getLogger(LaneLoop.class);

  private final Lane lane;
  private final Attempter attempter;
  private final AtomicInteger rounds = new AtomicInteger();
  private volatile @Nullable Running running;
  private @Nullable CoreSubscriber<? super Void> outer;

  LaneLoop(Lane lane, Attempter attempter) {
    this.lane = lane;
    this.attempter = attempter;
  }

  @Override
  public void subscribe(CoreSubscriber<? super Void> actual) {
    outer = actual;
    actual.onSubscribe(Operators.emptySubscription());
    lane.loopBegan(this);
    next();
  }

  private void next() {
    if (rounds.getAndIncrement() != 0) {
      return;
    }
    do {
      LaneItem item = lane.take();
      if (item == null) {
        end();
        return;
      }
      // More may be sendable: let another loop look, so that loops grow with the work.
      if (lane.mayGrow()) {
        lane.signal();
      }
      Isolation isolation = item.shard().isolation();
      if (isolation == null) {
        begin(item);
      } else {
        isolation.begin(item, () -> beginOrLeave(item), () -> leave(item));
      }
    } while (rounds.decrementAndGet() != 0);
  }

  /** Its intent took time, and gates may have shut meanwhile. */
  private void beginOrLeave(LaneItem item) {
    if (lane.mayStillStart(item)) {
      begin(item);
    } else {
      leave(item);
    }
  }

  private void leave(LaneItem item) {
    lane.notStarted(item);
    next();
  }

  private void begin(LaneItem item) {
    long startedNanos = lane.now();
    Running attempt = new Running(item, startedNanos, lane.traced(item));
    running = attempt;
    try {
      AttemptRequest request = lane.started(item, attempt.cutter, attempt.trace);
      attempter.attempt(request).subscribe(attempt);
    } catch (RuntimeException e) {
      log.atError()
          .addKeyValue("destination", lane.destination().key())
          .setCause(e)
          .log("An attempt could not begin, indicates a bug.");
      attempt.finish(new Verdict.NotSent(new Verdict.Failure("internal", "The attempt failed")));
    }
  }

  private void end() {
    lane.loopEnded(this);
    CoreSubscriber<? super Void> actual = outer;
    if (actual != null) {
      actual.onComplete();
    }
  }

  /** Cuts the running attempt when its deadline has passed, and tells when it was outlived. */
  void tick(long now) {
    Running attempt = running;
    if (attempt != null) {
      attempt.outlive(now);
      if (attempt.isOverdue(now)) {
        attempt.cutter.cut();
      }
    }
  }

  /** Cuts the running attempt. */
  void cut() {
    Running attempt = running;
    if (attempt != null) {
      attempt.cutter.cut();
    }
  }

  /** An attempt and where its verdict goes. */
  private final class Running implements CoreSubscriber<Verdict> {
    private final LaneItem item;
    private final long startedNanos;
    private final Cutter cutter = new Cutter();
    private final @Nullable AttemptTrace trace;

    /** Its item's, if that runs alone. */
    private final Isolation.@Nullable Stay stay;

    private boolean finished;

    /** The ticker's only, like the two that follow. */
    private boolean outlived;

    private boolean sending;

    /** Process nanos of the first look that found the request on its way. */
    private long sendingSince;

    Running(LaneItem item, long startedNanos, @Nullable AttemptTrace trace) {
      this.item = item;
      this.startedNanos = startedNanos;
      this.trace = trace;
      this.stay = item.stay();
    }

    /** Tells once that the process outlived the sending of an item that runs alone. */
    void outlive(long now) {
      if (stay == null || outlived) {
        return;
      }
      if (!sending && cutter.isWriting()) {
        sending = true;
        sendingSince = now;
      }
      boolean isOver =
          sending
              ? now - sendingSince >= Isolation.TO_BLAME_NANOS
              : now - startedNanos >= Isolation.TO_BLAME_UNSENT_NANOS;
      if (isOver && item.shard().maySurvive()) {
        outlived = true;
        lane.outlived(item, stay);
      }
    }

    boolean isOverdue(long now) {
      return now - startedNanos >= item.shard().gate().timeoutNanos();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      subscription.request(1);
    }

    @Override
    public void onNext(Verdict verdict) {
      finish(verdict);
    }

    @Override
    public void onError(Throwable error) {
      log.atError()
          .addKeyValue("destination", lane.destination().key())
          .setCause(error)
          .log("An attempt gave an error instead of a verdict, indicates a bug.");
      finish(new Verdict.MaybeSent(new Verdict.Failure("internal", "The attempt gave no verdict")));
    }

    @Override
    public void onComplete() {
      // The verdict ended it.
    }

    void finish(Verdict verdict) {
      if (finished) {
        return;
      }
      finished = true;
      running = null;
      try {
        if (trace == null) {
          lane.ended(item, verdict, startedNanos);
        } else {
          trace.ended(verdict, () -> lane.ended(item, verdict, startedNanos));
        }
      } catch (RuntimeException e) {
        log.atError()
            .addKeyValue("destination", lane.destination().key())
            .setCause(e)
            .log("A verdict could not be taken, indicates a bug; its item stays leased.");
      }
      next();
    }
  }
}
