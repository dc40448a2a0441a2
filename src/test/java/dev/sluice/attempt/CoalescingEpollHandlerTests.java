package dev.sluice.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What reaches the kernel, and when; that connections still work is for the attempt tests. */
class CoalescingEpollHandlerTests {

  private static final EpollIoOps NO_READ = EpollIoOps.EPOLLRDHUP;
  private static final EpollIoOps READ = NO_READ.with(EpollIoOps.EPOLLIN);
  private static final EpollIoOps WRITE = READ.with(EpollIoOps.EPOLLOUT);

  private final RecordingEpoll epoll = new RecordingEpoll();
  private final CoalescingEpollHandler handler =
      new CoalescingEpollHandler(epoll, new ThisThread());
  private IoRegistration connection;

  @BeforeEach
  void register() throws Exception {
    connection = handler.register(new NoHandle());
  }

  private void turn() {
    handler.run(new NoWait());
  }

  @Test
  void theFirstInterestIsToldAtOnce() {
    connection.submit(READ);
    assertThat(epoll.told).containsExactly(READ);
  }

  @Test
  void whatCancelsItselfOutWithinATurnIsNeverTold() {
    connection.submit(READ);
    connection.submit(NO_READ);
    connection.submit(READ);
    turn();
    assertThat(epoll.told).containsExactly(READ);
  }

  @Test
  void aChangeIsToldOnceBeforeTheLoopWaits() {
    connection.submit(READ);
    connection.submit(NO_READ);
    connection.submit(WRITE);
    assertThat(epoll.told).containsExactly(READ);
    turn();
    turn();
    assertThat(epoll.told).containsExactly(READ, WRITE);
    assertThat(epoll.toldWhenWaiting).containsExactly(2, 2);
  }

  @Test
  void changesOfLaterTurnsAreToldEach() {
    connection.submit(READ);
    connection.submit(NO_READ);
    turn();
    connection.submit(READ);
    turn();
    assertThat(epoll.told).containsExactly(READ, NO_READ, READ);
  }

  @Test
  void aCancelledConnectionIsNotToldAnything() {
    connection.submit(READ);
    connection.submit(NO_READ);
    assertThat(connection.cancel()).isTrue();
    turn();
    assertThat(epoll.told).containsExactly(READ);
    assertThat(connection.isValid()).isFalse();
  }

  private static final class NoHandle implements IoHandle {
    @Override
    public void handle(IoRegistration registration, IoEvent event) {}

    @Override
    public void close() {}
  }

  private static final class NoWait implements IoHandlerContext {
    @Override
    public boolean canBlock() {
      return false;
    }

    @Override
    public long delayNanos(long now) {
      return 0;
    }

    @Override
    public long deadlineNanos() {
      return -1;
    }
  }

  private static final class ThisThread implements ThreadAwareExecutor {
    private final Thread thread = Thread.currentThread();

    @Override
    public boolean isExecutorThread(Thread other) {
      return other == thread;
    }

    @Override
    public void execute(Runnable task) {
      task.run();
    }
  }

  private static final class RecordingEpoll implements IoHandler {
    private final List<IoOps> told = new ArrayList<>();
    private final List<Integer> toldWhenWaiting = new ArrayList<>();

    @Override
    public int run(IoHandlerContext context) {
      toldWhenWaiting.add(told.size());
      return 0;
    }

    @Override
    public IoRegistration register(IoHandle handle) {
      return new IoRegistration() {
        private boolean valid = true;

        @Override
        @SuppressWarnings({"TypeParameterUnusedInFormals", "NullAway"})
        public <T> T attachment() {
          return null;
        }

        @Override
        public long submit(IoOps ops) {
          told.add(ops);
          return 0;
        }

        @Override
        public boolean isValid() {
          return valid;
        }

        @Override
        public boolean cancel() {
          valid = false;
          return true;
        }
      };
    }

    @Override
    public void wakeup() {}

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
      return true;
    }
  }
}
