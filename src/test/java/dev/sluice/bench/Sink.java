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
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The cheapest keep-alive HTTP/1.1 server that still reads every request to its end: one thread, no
 * header map, one prepared answer. It understands {@code Content-Length} bodies only.
 */
public final class Sink implements AutoCloseable {

  private static final byte[] ANSWER =
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);

  private final AtomicLong requestCount = new AtomicLong();
  private final EventLoopGroup loop;
  private final Channel listener;

  /**
   * Starts listening on loopback.
   *
   * @param port 0 for a free one
   */
  public Sink(int port) {
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    Class<? extends ServerChannel> type =
        epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    loop = new MultiThreadIoEventLoopGroup(1, io);
    listener =
        new ServerBootstrap()
            .group(loop)
            .channel(type)
            .option(ChannelOption.SO_BACKLOG, 1024)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(new Swallow());
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .syncUninterruptibly()
            .channel();
  }

  /** Runs a sink alone: {@code Sink [port]}, 9000 by default, until the process ends. */
  public static void main(String[] args) {
    try (Sink sink = new Sink(args.length == 0 ? 9000 : Integer.parseInt(args[0]))) {
      System.out.println("Listening on 127.0.0.1:" + sink.port());
      sink.listener.closeFuture().syncUninterruptibly();
    }
  }

  public int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** Gives the requests answered so far. */
  public long requestCount() {
    return requestCount.get();
  }

  @Override
  public void close() {
    listener.close().syncUninterruptibly();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  /** Finds the ends of requests and answers each. */
  private final class Swallow extends ByteToMessageDecoder {

    private int bodyBytes;
    private boolean answered;

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
      while (true) {
        int skipped = Math.min(bodyBytes, in.readableBytes());
        in.skipBytes(skipped);
        bodyBytes -= skipped;
        if (bodyBytes > 0 || !skipHead(in)) {
          return;
        }
        if (bodyBytes <= in.readableBytes()) {
          in.skipBytes(bodyBytes);
          bodyBytes = 0;
        }
        var _ = context.write(Unpooled.wrappedBuffer(ANSWER));
        answered = true;
        requestCount.lazySet(requestCount.get() + 1);
      }
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
}
