package dev.sluice.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * The cheapest keep-alive HTTP/1.1 server that still reads every request to its end: one thread, no
 * header map, one prepared answer with the headers that nginx gives, after a delay if wanted. It
 * understands {@code Content-Length} bodies only. With a limit it refuses what is more at once with
 * 503. In a process of its own it answers each line on standard input with {@code <requests>
 * <refused requests> <connections> <wall nanoseconds of the latest request>}.
 */
public final class Sink implements AutoCloseable {

  private static final byte[] ANSWER =
      """
      HTTP/1.1 200 OK\r
      Server: sink/1.0\r
      Date: Mon, 23 Nov 2026 12:00:00 GMT\r
      Content-Type: application/json\r
      Content-Length: 11\r
      Connection: keep-alive\r
      \r
      {"ok":true}"""
          .getBytes(StandardCharsets.US_ASCII);
  private static final byte[] REFUSAL =
      """
      HTTP/1.1 503 Service Unavailable\r
      Server: sink/1.0\r
      Content-Length: 0\r
      Connection: keep-alive\r
      \r
      """
          .getBytes(StandardCharsets.US_ASCII);
  private static final byte[] LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);
  private static final int BACKLOG = 16_384;

  private final AtomicLong requestCount = new AtomicLong();
  private final AtomicLong refusedCount = new AtomicLong();
  private final AtomicLong connectionCount = new AtomicLong();
  private final long delayNanos;
  private final int limit;
  private final Deque<Delayed> delayed = new ArrayDeque<>();
  private final EventLoopGroup loop;
  private final List<Channel> listeners = new ArrayList<>();
  private volatile long latestNanos;

  /** What the sink has seen so far. */
  record Seen(long requests, long refused, long connections, long latestNanos) {

    static Seen parse(String line) {
      String[] words = line.split(" ", -1);
      return new Seen(
          Long.parseLong(words[0]),
          Long.parseLong(words[1]),
          Long.parseLong(words[2]),
          Long.parseLong(words[3]));
    }
  }

  private record Delayed(ChannelHandlerContext context, long dueNanos) {}

  /**
   * Starts listening on loopback.
   *
   * @param portCount each is a destination of its own
   * @param delay from a request's last byte to its answer; the same for all
   */
  public Sink(int portCount, Duration delay) {
    this(portCount, delay, Integer.MAX_VALUE);
  }

  /**
   * Starts listening on loopback.
   *
   * @param portCount each is a destination of its own
   * @param delay from a request's last byte to its answer; the same for all
   * @param limit so many delayed requests at once, over all ports; more are refused at once
   */
  Sink(int portCount, Duration delay, int limit) {
    this.limit = limit;
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    Class<? extends ServerChannel> type =
        epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    delayNanos = delay.toNanos();
    loop = new MultiThreadIoEventLoopGroup(1, io);
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loop)
            .channel(type)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    connectionCount.lazySet(connectionCount.get() + 1);
                    channel.pipeline().addLast(new Swallow());
                  }
                });
    for (int i = 0; i < portCount; i++) {
      listeners.add(
          bootstrap
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .syncUninterruptibly()
              .channel());
    }
    if (delayNanos > 0) {
      var _ = loop.scheduleAtFixedRate(this::answerDue, 1, 1, TimeUnit.MILLISECONDS);
    }
  }

  /**
   * Runs a sink alone: {@code Sink [port count] [delay in ms] [limit]}, until standard input ends.
   */
  public static void main(String[] args) throws IOException {
    int ports = args.length > 0 ? Integer.parseInt(args[0]) : 1;
    Duration delay = Duration.ofMillis(args.length > 1 ? Long.parseLong(args[1]) : 0);
    int limit = args.length > 2 ? Integer.parseInt(args[2]) : Integer.MAX_VALUE;
    try (Sink sink = new Sink(ports, delay, limit)) {
      System.out.println(
          sink.ports().stream().map(String::valueOf).collect(Collectors.joining(" ")));
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
      while (in.readLine() != null) {
        Seen seen = sink.seen();
        System.out.printf(
            "%d %d %d %d%n",
            seen.requests(), seen.refused(), seen.connections(), seen.latestNanos());
      }
    }
  }

  /** Gives the ports it listens on. */
  List<Integer> ports() {
    return listeners.stream()
        .map(listener -> ((InetSocketAddress) listener.localAddress()).getPort())
        .toList();
  }

  /** Gives what it has seen. */
  Seen seen() {
    return new Seen(requestCount.get(), refusedCount.get(), connectionCount.get(), latestNanos);
  }

  private void answerDue() {
    long now = System.nanoTime();
    for (Delayed head = delayed.peek();
        head != null && head.dueNanos - now <= 0;
        head = delayed.peek()) {
      delayed.poll();
      var _ = head.context.writeAndFlush(Unpooled.wrappedBuffer(ANSWER));
    }
  }

  @Override
  public void close() {
    listeners.forEach(listener -> listener.close().syncUninterruptibly());
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  /** Finds the ends of requests and answers each. */
  private final class Swallow extends ByteToMessageDecoder {

    private int bodyBytes;
    private boolean inBody;
    private boolean answered;

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
      while (inBody || skipHead(in)) {
        inBody = true;
        int skipped = Math.min(bodyBytes, in.readableBytes());
        in.skipBytes(skipped);
        bodyBytes -= skipped;
        if (bodyBytes > 0) {
          return;
        }
        inBody = false;
        answer(context);
      }
    }

    private void answer(ChannelHandlerContext context) {
      requestCount.lazySet(requestCount.get() + 1);
      latestNanos = wallNanos();
      if (delayed.size() >= limit) {
        refusedCount.lazySet(refusedCount.get() + 1);
        var _ = context.write(Unpooled.wrappedBuffer(REFUSAL));
        answered = true;
        return;
      }
      if (delayNanos > 0) {
        delayed.add(new Delayed(context, System.nanoTime() + delayNanos));
        return;
      }
      var _ = context.write(Unpooled.wrappedBuffer(ANSWER));
      answered = true;
    }

    /** Reads a whole head and notes the length of its body; leaves the buffer alone otherwise. */
    private boolean skipHead(ByteBuf in) {
      int start = in.readerIndex();
      int end = in.writerIndex();
      int line = start;
      int length = 0;
      while (line < end) {
        int feed = in.indexOf(line, end, (byte) '\n');
        if (feed < 0) {
          return false;
        }
        if (feed - line <= 1) {
          in.readerIndex(feed + 1);
          bodyBytes = length;
          return true;
        }
        if (startsWithLength(in, line)) {
          length = number(in, line + LENGTH.length, feed);
        }
        line = feed + 1;
      }
      return false;
    }

    private static boolean startsWithLength(ByteBuf in, int line) {
      if ((in.getByte(line) | 0x20) != 'c' || line + LENGTH.length > in.writerIndex()) {
        return false;
      }
      for (int i = 0; i < LENGTH.length; i++) {
        if ((in.getByte(line + i) | 0x20) != (LENGTH[i] | 0x20)) {
          return false;
        }
      }
      return true;
    }

    private static int number(ByteBuf in, int from, int to) {
      int value = 0;
      for (int i = from; i < to; i++) {
        int digit = in.getByte(i) - '0';
        if (digit >= 0 && digit <= 9) {
          value = value * 10 + digit;
        }
      }
      return value;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) throws Exception {
      if (answered) {
        answered = false;
        context.flush();
      }
      super.channelReadComplete(context);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (!(cause instanceof IOException)) {
        context.fireExceptionCaught(cause);
      }
      var _ = context.close();
    }
  }

  /** Gives the wall clock in nanoseconds since 1970. */
  static long wallNanos() {
    java.time.Instant now = java.time.Instant.now();
    return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
  }
}
