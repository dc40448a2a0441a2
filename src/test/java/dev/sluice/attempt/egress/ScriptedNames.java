package dev.sluice.attempt.egress;

import io.netty.resolver.AbstractAddressResolver;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Function;

/** A name server that answers what a test wants, and lets addresses pass as any other does. */
public final class ScriptedNames extends AddressResolverGroup<InetSocketAddress> {

  private final Function<String, List<InetAddress>> answers;

  /** Answers names by this. */
  public ScriptedNames(Function<String, List<InetAddress>> answers) {
    this.answers = answers;
  }

  /** Gives one that changes what another resolved, after the other has vetted it. */
  public static AddressResolverGroup<InetSocketAddress> changing(
      AddressResolverGroup<InetSocketAddress> vetted, Function<String, List<InetAddress>> answers) {
    return new AddressResolverGroup<>() {
      @Override
      protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
        return new Changing(executor, vetted.getResolver(executor), answers);
      }
    };
  }

  @Override
  protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
    return new AbstractAddressResolver<>(executor, InetSocketAddress.class) {
      @Override
      protected boolean doIsResolved(InetSocketAddress address) {
        return !address.isUnresolved();
      }

      @Override
      protected void doResolve(InetSocketAddress address, Promise<InetSocketAddress> promise) {
        var _ = promise.setSuccess(sockets(answers, address).getFirst());
      }

      @Override
      protected void doResolveAll(
          InetSocketAddress address, Promise<List<InetSocketAddress>> promise) {
        var _ = promise.setSuccess(sockets(answers, address));
      }
    };
  }

  private static List<InetSocketAddress> sockets(
      Function<String, List<InetAddress>> answers, InetSocketAddress asked) {
    return answers.apply(asked.getHostString()).stream()
        .map(answer -> new InetSocketAddress(answer, asked.getPort()))
        .toList();
  }

  private static final class Changing extends AbstractAddressResolver<InetSocketAddress> {
    private final AddressResolver<InetSocketAddress> vetted;
    private final Function<String, List<InetAddress>> answers;

    Changing(
        EventExecutor executor,
        AddressResolver<InetSocketAddress> vetted,
        Function<String, List<InetAddress>> answers) {
      super(executor, InetSocketAddress.class);
      this.vetted = vetted;
      this.answers = answers;
    }

    @Override
    protected boolean doIsResolved(InetSocketAddress address) {
      return false;
    }

    @Override
    protected void doResolve(InetSocketAddress address, Promise<InetSocketAddress> promise) {
      throw new UnsupportedOperationException("The client asks for all answers");
    }

    @Override
    protected void doResolveAll(
        InetSocketAddress address, Promise<List<InetSocketAddress>> promise) {
      vetted
          .resolveAll(address)
          .addListener(
              (Future<List<InetSocketAddress>> answered) -> {
                if (answered.isSuccess()) {
                  var _ = promise.setSuccess(sockets(answers, address));
                } else {
                  var _ = promise.setFailure(answered.cause());
                }
              });
    }
  }
}
