package dev.sluice.chaos;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** One connection of the oracle, of one run's process; everything happens on its event loop. */
final class OracleHandler extends ChannelInboundHandlerAdapter {

  /**
   * The header that names an item; replicas add a dash and their number, so that they are known.
   */
  static final String KEY = "Idempotency-Key";

  private final int run;
  private final Duration patience;
  private final Answers answers;
  private final OracleLog log;
  private final AtomicLong requests;

  /** The request that is being read. */
  private @Nullable Request current;

  /**
   * @param run who sends, when requests do not say
   * @param patience how much later than else it answers
   */
  OracleHandler(int run, Duration patience, Answers answers, OracleLog log, AtomicLong requests) {
    this.run = run;
    this.patience = patience;
    this.answers = answers;
    this.log = log;
    this.requests = requests;
  }

  private record Request(long number, String key, int attempt, Answers.Answer answer, CRC32 crc) {}

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws IOException {
    try {
      if (message instanceof HttpRequest head) {
        begin(context, head);
      }
      Request request = current;
      if (request != null && message instanceof HttpContent content) {
        request.crc.update(content.content().nioBuffer());
        if (message instanceof LastHttpContent) {
          current = null;
          log.whole(request.number, request.crc.getValue());
          answer(context, request);
        }
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void begin(ChannelHandlerContext context, HttpRequest head) throws IOException {
    int sender = run;
    String key = "none";
    for (String name : head.headers().names()) {
      if (name.startsWith(KEY)) {
        sender = name.equals(KEY) ? run : Integer.parseInt(name.substring(KEY.length() + 1));
        key = head.headers().get(name);
      }
    }
    int attempt = head.headers().getInt("Sluice-Attempt", 0);
    Request request =
        new Request(
            requests.incrementAndGet(), key, attempt, answers.to(key, attempt), new CRC32());
    log.began(request.number, sender, key, attempt);
    current = request;
    if (request.answer.status() == Answers.RESET_EARLY) {
      current = null;
      log.replied(request.number, Answers.RESET_EARLY);
      reset(context);
    }
  }

  private void answer(ChannelHandlerContext context, Request request) throws IOException {
    Duration delay = request.answer.delay().plus(patience);
    if (delay.isZero()) {
      reply(context, request);
      return;
    }
    var _ =
        context
            .executor()
            .schedule(
                () -> {
                  reply(context, request);
                  return null;
                },
                delay.toMillis(),
                TimeUnit.MILLISECONDS);
  }

  private void reply(ChannelHandlerContext context, Request request) throws IOException {
    if (!context.channel().isActive()) {
      return;
    }
    int status = request.answer.status();
    log.replied(request.number, status);
    if (status == Answers.RESET) {
      reset(context);
      return;
    }
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
    HttpUtil.setContentLength(response, 0);
    var _ = context.writeAndFlush(response);
  }

  private static void reset(ChannelHandlerContext context) {
    ((SocketChannel) context.channel()).config().setSoLinger(0);
    var _ = context.close();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof IOException) {
      var _ = context.close(); // the client went away, as killed processes do
    } else {
      context.fireExceptionCaught(cause);
    }
  }
}
