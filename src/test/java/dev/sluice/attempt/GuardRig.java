package dev.sluice.attempt;

import dev.sluice.attempt.egress.ConnectGuard;
import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Destination;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Verdict;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.resolver.AddressResolverGroup;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/**
 * The outbound client with a name server of the test's, with or without the guard at the dial, and
 * with hooks on both sides of it. Nothing is really dialled.
 */
final class GuardRig implements AutoCloseable {

  private final LoopResources loops;
  private final OutboundPool pool;
  private final ConnectionProvider connections;
  private final Attempter attempter;

  /** What the client asked to dial, before the guard. */
  final Queue<InetAddress> asked = new ConcurrentLinkedQueue<>();

  /** What would have been dialled, behind the guard. */
  final Queue<InetAddress> dialled = new ConcurrentLinkedQueue<>();

  /**
   * @param names what to resolve with, guarded or not
   * @param guardsDial whether the guard at the dial is there
   */
  GuardRig(EgressPolicy policy, AddressResolverGroup<InetSocketAddress> names, boolean guardsDial) {
    AttemptConfiguration configuration = new AttemptConfiguration();
    loops = configuration.outboundLoops(AttempterTestBase.PROPERTIES);
    pool = configuration.outboundPool();
    connections = configuration.outboundConnections(AttempterTestBase.PROPERTIES, pool);
    ConnectGuard guard = new ConnectGuard(policy);
    HttpClient client =
        AttemptConfiguration.client(AttempterTestBase.PROPERTIES, connections, loops, names)
            .doOnChannelInit(
                (_, channel, _) -> {
                  if (guardsDial) {
                    guard.install(channel.pipeline());
                  }
                  channel.pipeline().addFirst(new Hook(dialled::add, true));
                  channel.pipeline().addLast(new Hook(asked::add, false));
                });
    attempter =
        new WebClientAttempter(
            OutboundRoutes.only(AttemptConfiguration.exchange(client)),
            connections,
            new VerdictClassifier(ProcessClock.system()),
            AttempterTestBase.PROPERTIES,
            policy);
  }

  Mono<Verdict> attempt(Destination destination, String target) {
    return attempter
        .attempt(
            new AttemptRequest(
                destination,
                new OutboundRequest("GET", target, List.of(), BodyKind.NONE, new byte[0]),
                1,
                "k",
                AttemptTerms.of(BatchOptions.DEFAULT),
                new Cutter()))
        .doOnNext(_ -> attempter.forget(destination));
  }

  Verdict verdict(String host) {
    return AttempterTestBase.verdict(attempt(new Destination("http", host, 80), "/"));
  }

  int poolCount() {
    return pool.counts().poolCount();
  }

  static long descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    connections.dispose();
    loops.dispose();
  }

  private static final class Hook extends ChannelOutboundHandlerAdapter {
    private final Consumer<InetAddress> seen;
    private final boolean ends;

    Hook(Consumer<InetAddress> seen, boolean ends) {
      this.seen = seen;
      this.ends = ends;
    }

    @Override
    public void connect(
        ChannelHandlerContext context,
        SocketAddress remote,
        SocketAddress local,
        ChannelPromise promise) {
      seen.accept(((InetSocketAddress) remote).getAddress());
      if (ends) {
        var _ = promise.setFailure(new ConnectException("Nothing is dialled in this test"));
      } else {
        var _ = context.connect(remote, local, promise);
      }
    }
  }
}
