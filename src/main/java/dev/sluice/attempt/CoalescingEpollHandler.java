package dev.sluice.attempt;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Netty's epoll handler, told only once per turn of the event loop what each connection is
 * interested in.
 *
 * <p>Reactor Netty stops reading when it binds a request to a connection and starts again when the
 * headers are written: two {@code epoll_ctl} calls per exchange that cancel each other out before
 * anything could have been read. Interest only matters while the loop waits for events, so changes
 * are kept until just before that, and what has gone back to what the kernel already knows is never
 * told.
 *
 * <p>Used by its event loop's thread alone.
 */
final class CoalescingEpollHandler implements IoHandler {

  private static final Logger log = LoggerFactory.getLogger(CoalescingEpollHandler.class);

  private final IoHandler epoll;
  private final ThreadAwareExecutor loop;
  private final List<Registration> changed = new ArrayList<>();

  CoalescingEpollHandler(IoHandler epoll, ThreadAwareExecutor loop) {
    this.epoll = epoll;
    this.loop = loop;
  }

  static IoHandlerFactory newFactory() {
    IoHandlerFactory factory = EpollIoHandler.newFactory();
    return loop -> new CoalescingEpollHandler(factory.newHandler(loop), loop);
  }

  @Override
  public void initialize() {
    epoll.initialize();
  }

  @Override
  public int run(IoHandlerContext context) {
    for (int i = 0; i < changed.size(); i++) {
      changed.get(i).tell();
    }
    changed.clear();
    return epoll.run(context);
  }

  @Override
  public void prepareToDestroy() {
    epoll.prepareToDestroy();
  }

  @Override
  public void destroy() {
    epoll.destroy();
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    return new Registration(epoll.register(handle), handle);
  }

  @Override
  public void wakeup() {
    epoll.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> handleType) {
    return epoll.isCompatible(handleType);
  }

  private final class Registration implements IoRegistration {

    private final IoRegistration kernel;
    private final IoHandle handle;
    private @Nullable IoOps told;
    private @Nullable IoOps wanted;

    Registration(IoRegistration kernel, IoHandle handle) {
      this.kernel = kernel;
      this.handle = handle;
    }

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // Netty's signature
    public <T> T attachment() {
      return kernel.attachment();
    }

    @Override
    public long submit(IoOps interest) {
      if (told == null || !loop.isExecutorThread(Thread.currentThread())) {
        told = interest;
        wanted = null;
        return kernel.submit(interest);
      }
      if (wanted == null) {
        changed.add(this);
      }
      wanted = interest;
      return 0;
    }

    private void tell() {
      IoOps interest = wanted;
      wanted = null;
      if (interest != null && !interest.equals(told) && kernel.isValid()) {
        told = interest;
        try {
          kernel.submit(interest);
        } catch (RuntimeException e) {
          // Thrown into the connection's own code this would close it; here it must not end the
          // loop.
          close(e);
        }
      }
    }

    private void close(RuntimeException cause) {
      log.atWarn().setCause(cause).log("A connection whose interest epoll refused is closed.");
      try {
        handle.close();
      } catch (Exception e) {
        log.atWarn().setCause(e).log("A connection that epoll refused could not be closed.");
      }
    }

    @Override
    public boolean isValid() {
      return kernel.isValid();
    }

    @Override
    public boolean cancel() {
      wanted = null;
      return kernel.cancel();
    }
  }
}
