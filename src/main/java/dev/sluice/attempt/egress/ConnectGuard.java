package dev.sluice.attempt.egress;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/**
 * Sees the address that is really dialled, whatever a resolver said before, and fails the dial of
 * one that must not be. The client closes a channel whose dial failed. Any event loop.
 */
@Sharable
public final class ConnectGuard extends ChannelOutboundHandlerAdapter {

  private static final String NAME = "sluice.connectGuard";

  private final EgressPolicy policy;

  /** Guards by this policy. */
  public ConnectGuard(EgressPolicy policy) {
    this.policy = policy;
  }

  /** Guards a new connection. */
  public void install(ChannelPipeline pipeline) {
    pipeline.addFirst(NAME, this);
  }

  @Override
  public void connect(
      ChannelHandlerContext context,
      SocketAddress remote,
      SocketAddress local,
      ChannelPromise promise) {
    try {
      if (!(remote instanceof InetSocketAddress address)) {
        throw new EgressDeniedException("Only addresses of the Internet are dialled");
      }
      policy.checkDial(address);
    } catch (EgressDeniedException denied) {
      var _ = promise.tryFailure(denied);
      return;
    }
    var _ = context.connect(remote, local, promise);
  }
}
