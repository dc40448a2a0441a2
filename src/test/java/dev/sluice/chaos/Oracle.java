package dev.sluice.chaos;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The destination that knows the truth: a real HTTP/1.1 server on three loopback ports, which logs
 * every request it sees and every reply it gives. The second port, the door, opens and closes, so
 * that some requests find nobody; the third takes its time. One event loop thread.
 */
final class Oracle implements AutoCloseable {

  /** How much longer the third port takes to answer. */
  static final Duration SLOW = Duration.ofSeconds(1);

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final AtomicLong requests = new AtomicLong();
  private final Answers answers;
  private final OracleLog log;
  private final Channel listener;
  private final Channel slow;
  private final int doorPort;
  private volatile int run;
  private @Nullable Channel door;

  Oracle(Path file, long seed) throws IOException {
    answers = new Answers(seed);
    log = OracleLog.create(file);
    listener = bind(0, Duration.ZERO);
    slow = bind(0, SLOW);
    door = bind(0, Duration.ZERO);
    doorPort = port(door);
  }

  private Channel bind(int port, Duration patience) {
    return new ServerBootstrap()
        .group(loops)
        .channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_BACKLOG, 1024)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                connections.add(channel);
                channel
                    .pipeline()
                    .addLast(new HttpServerCodec())
                    .addLast(new OracleHandler(run, patience, answers, log, requests));
              }
            })
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
        .syncUninterruptibly()
        .channel();
  }

  /** Says that what connects from now on is the process of another run. */
  void beginRun(int number) {
    run = number;
  }

  /** Gives how many requests began. */
  long requestCount() {
    return requests.get();
  }

  /** Opens or closes the door; connections through it stay. */
  synchronized void setDoor(boolean open) {
    Channel known = door;
    if (open && known == null) {
      door = bind(doorPort, Duration.ZERO);
    } else if (!open && known != null) {
      known.close().syncUninterruptibly();
      door = null;
    }
  }

  /** Gives a URL that is always answered. */
  String url(String path) {
    return "http://127.0.0.1:" + port(listener) + path;
  }

  /** Gives a URL behind the door. */
  String doorUrl(String path) {
    return "http://127.0.0.1:" + doorPort + path;
  }

  /** Gives a URL that is answered late. */
  String slowUrl(String path) {
    return "http://127.0.0.1:" + port(slow) + path;
  }

  /** Gives what was logged so far. */
  Sightings sightings(Sightings.Senders senders) throws IOException {
    loops.next().submit(log::flush).syncUninterruptibly();
    return Sightings.read(log.file(), log.createdAt(), senders);
  }

  private static int port(Channel channel) {
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  @Override
  public void close() {
    listener.close().syncUninterruptibly();
    slow.close().syncUninterruptibly();
    setDoor(false);
    connections.close().syncUninterruptibly();
    loops.next().submit(log::close).syncUninterruptibly();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
