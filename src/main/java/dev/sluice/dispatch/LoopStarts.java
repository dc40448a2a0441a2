package dev.sluice.dispatch;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/**
 * The source of a lane's loops: emits one start per ask, at most one waiting, and only on demand. A
 * {@code flatMap} over it bounds how many loops run; its demand is that bound. One subscriber; asks
 * come from any thread.
 */
final class LoopStarts extends Flux<Lane> implements Subscription {

  private final Lane lane;
  private final AtomicBoolean asked = new AtomicBoolean();
  private final AtomicLong demand = new AtomicLong();
  private final AtomicInteger draining = new AtomicInteger();
  private volatile @Nullable CoreSubscriber<? super Lane> subscriber;

  LoopStarts(Lane lane) {
    this.lane = lane;
  }

  @Override
  public void subscribe(CoreSubscriber<? super Lane> actual) {
    subscriber = actual;
    actual.onSubscribe(this);
    drain();
  }

  /** Asks for one more loop; asking again before it began does nothing. */
  void ask() {
    if (!asked.get() && asked.compareAndSet(false, true)) {
      drain();
    }
  }

  /**
   * Says that the loop asked for has begun, so that it may ask for the next. Called within {@code
   * onNext}.
   */
  void begun() {
    asked.set(false);
  }

  private void drain() {
    CoreSubscriber<? super Lane> actual = subscriber;
    if (actual == null || draining.getAndIncrement() != 0) {
      return;
    }
    int missed = 1;
    do {
      while (asked.get() && demand.get() > 0) {
        demand.decrementAndGet();
        actual.onNext(lane);
      }
      missed = draining.addAndGet(-missed);
    } while (missed != 0);
  }

  @Override
  public void request(long n) {
    demand.accumulateAndGet(n, (now, more) -> now + more < 0 ? Long.MAX_VALUE : now + more);
    drain();
  }

  @Override
  public void cancel() {
    subscriber = null;
  }
}
