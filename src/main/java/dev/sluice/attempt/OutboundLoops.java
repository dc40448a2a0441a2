package dev.sluice.attempt;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.NonBlocking;
import reactor.netty.resources.LoopResources;

/**
 * The event loops that send, on epoll with {@link CoalescingEpollHandler}. Where there is no epoll,
 * {@link #create} gives Reactor Netty's own loops.
 */
final class OutboundLoops implements LoopResources {

  private final EventLoopGroup loops;
  private final EventLoopGroup colocated;
  private final AtomicBoolean disposed = new AtomicBoolean();

  private OutboundLoops(String name, int threads) {
    loops =
        new MultiThreadIoEventLoopGroup(
            threads, threadFactory(name), CoalescingEpollHandler.newFactory());
    colocated = LoopResources.colocate(loops);
  }

  /** Gives loops whose daemon threads are named {@code <name>-<kind>-<n>}. */
  static LoopResources create(String name, int threads) {
    return Epoll.isAvailable()
        ? new OutboundLoops(name + "-epoll", threads)
        : LoopResources.create(name, threads, true);
  }

  private static ThreadFactory threadFactory(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new LoopThread(task, name + '-' + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  @Override
  public EventLoopGroup onClient(boolean useNative) {
    return colocated;
  }

  @Override
  public EventLoopGroup onServer(boolean useNative) {
    return loops;
  }

  @Override
  public boolean daemon() {
    return true;
  }

  @Override
  public boolean isDisposed() {
    return disposed.get();
  }

  @Override
  public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
    return Mono.defer(
        () -> {
          disposed.set(true);
          var _ =
              loops.shutdownGracefully(
                  quietPeriod.toMillis(), timeout.toMillis(), TimeUnit.MILLISECONDS);
          return Mono.<Void>create(
              ended -> loops.terminationFuture().addListener(_ -> ended.success()));
        });
  }

  /** Marked so that Reactor refuses to block it. */
  private static final class LoopThread extends FastThreadLocalThread implements NonBlocking {

    LoopThread(Runnable task, String name) {
      super(task, name);
    }
  }
}
