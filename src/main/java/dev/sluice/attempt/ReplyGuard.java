package dev.sluice.attempt;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import reactor.netty.NettyPipeline;
import reactor.netty.channel.ChannelOperations;

/**
 * Lets only the reply to a request that was sent through to Reactor Netty. It would take a 102 or
 * 103 for the reply, give the connection back, and take the real reply for the one to the next
 * request; and what comes on a connection that waits in the pool it drops, with the same effect
 * when part of that is still to be decoded. One per connection, on its event loop.
 */
final class ReplyGuard extends ChannelInboundHandlerAdapter {

  private static final String NAME = "sluice.replyGuard";
  private static final int SWITCHING_PROTOCOLS = 101;

  /** Between the head of an informational response and its (empty) end. */
  private boolean informational;

  /** Guards a new connection: replies behind the codec, bytes before it. */
  static void install(ChannelPipeline pipeline) {
    pipeline.addAfter(NettyPipeline.HttpCodec, NAME, new ReplyGuard());
    pipeline.addBefore(NettyPipeline.HttpCodec, NAME + ".bytes", new StrayBytes());
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof HttpResponse response) {
      if (!isExpected(context.channel())) {
        refuse(context, message);
        return;
      }
      int status = response.status().code();
      informational = status >= 100 && status < 200 && status != SWITCHING_PROTOCOLS;
      if (status < 100 || status > 999) {
        response.setDecoderResult(
            DecoderResult.failure(new DecoderException("No such status: " + status)));
      }
    }
    if (!informational) {
      context.fireChannelRead(message);
      return;
    }
    ReferenceCountUtil.release(message);
    if (message instanceof LastHttpContent) {
      informational = false;
      // Nobody downstream saw anything that would make it ask for more.
      context.read();
    }
  }

  /** Tells whether an exchange holds the connection. */
  private static boolean isExpected(Channel channel) {
    return ChannelOperations.get(channel) != null;
  }

  private static void refuse(ChannelHandlerContext context, Object message) {
    ReferenceCountUtil.release(message);
    var _ = context.close();
  }

  /** Ends a connection when bytes come that answer nothing, or are left over from a reply. */
  private static final class StrayBytes extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (!isExpected(context.channel())) {
        refuse(context, message);
        return;
      }
      context.fireChannelRead(message);
      // The decoder frees what it has decoded, so what is still held belongs to no reply.
      if (!isExpected(context.channel())
          && message instanceof ByteBuf bytes
          && bytes.refCnt() > 0) {
        var _ = context.close();
      }
    }
  }
}
