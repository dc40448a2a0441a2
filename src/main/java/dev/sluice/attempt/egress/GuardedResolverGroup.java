package dev.sluice.attempt.egress;

import io.netty.resolver.AbstractAddressResolver;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * Resolves names and refuses those that lead to an address which must not be dialled; one such
 * answer among several refuses all. Says that nothing is resolved yet: what is written as an
 * address would go past any resolver otherwise.
 */
public final class GuardedResolverGroup extends AddressResolverGroup<InetSocketAddress> {

  private final AddressResolverGroup<InetSocketAddress> names;
  private final EgressPolicy policy;

  /**
   * @param names resolves what is not an address; closed with this
   */
  public GuardedResolverGroup(AddressResolverGroup<InetSocketAddress> names, EgressPolicy policy) {
    this.names = names;
    this.policy = policy;
  }

  @Override
  protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
    return new Guarded(executor, names.getResolver(executor));
  }

  @Override
  public void close() {
    super.close();
    names.close();
  }

  private final class Guarded extends AbstractAddressResolver<InetSocketAddress> {

    private final AddressResolver<InetSocketAddress> resolver;

    Guarded(EventExecutor executor, AddressResolver<InetSocketAddress> resolver) {
      super(executor, InetSocketAddress.class);
      this.resolver = resolver;
    }

    @Override
    protected boolean doIsResolved(InetSocketAddress address) {
      return false;
    }

    @Override
    protected void doResolve(InetSocketAddress address, Promise<InetSocketAddress> promise) {
      // Through all answers too: the first of them may be the harmless one.
      Promise<List<InetSocketAddress>> all = executor().newPromise();
      all.addListener(
          (Future<List<InetSocketAddress>> answered) -> {
            if (answered.isSuccess()) {
              promise.trySuccess(answered.getNow().getFirst());
            } else {
              promise.tryFailure(answered.cause());
            }
          });
      doResolveAll(address, all);
    }

    @Override
    protected void doResolveAll(
        InetSocketAddress address, Promise<List<InetSocketAddress>> promise) {
      if (!address.isUnresolved()) {
        vet(List.of(address), promise);
        return;
      }
      resolver
          .resolveAll(address)
          .addListener(
              (Future<List<InetSocketAddress>> answered) -> {
                if (answered.isSuccess()) {
                  vet(answered.getNow(), promise);
                } else {
                  promise.tryFailure(answered.cause());
                }
              });
    }

    private void vet(List<InetSocketAddress> answers, Promise<List<InetSocketAddress>> promise) {
      try {
        answers.forEach(policy::check);
        promise.trySuccess(answers);
      } catch (EgressDeniedException denied) {
        promise.tryFailure(denied);
      }
    }
  }
}
