package dev.sluice.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.DefaultEventExecutorGroup;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class LoopLagTests {

  @Test
  void tellsHowLongTheSlowestLoopHasLetATaskWait() throws InterruptedException {
    DefaultEventExecutorGroup loops = new DefaultEventExecutorGroup(2);
    CountDownLatch blocking = new CountDownLatch(1);
    CountDownLatch blocked = new CountDownLatch(1);
    try {
      LoopLag lag = new LoopLag(loops);
      assertThat(lag.sample()).isZero();
      loops
          .next()
          .execute(
              () -> {
                blocking.countDown();
                awaitUninterruptibly(blocked);
              });
      // The loop has run the first probe then; a probe still under way would not be sent again.
      assertThat(blocking.await(30, TimeUnit.SECONDS)).isTrue();
      lag.sample();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(30));
      long soFar = lag.sample();
      assertThat(soFar).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(30));
      assertThat(lag.sample()).isGreaterThanOrEqualTo(soFar);
    } finally {
      blocked.countDown();
      loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    boolean interrupted = false;
    while (latch.getCount() > 0) {
      try {
        latch.await();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
