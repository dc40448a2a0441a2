package dev.sluice.attempt.egress;

import io.netty.resolver.AbstractAddressResolver;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * Leaves names to the proxy, and refuses what is written as an address and must not be dialled,
 * whoever dials it.
 */
final class UnresolvedNames extends AddressResolverGroup<InetSocketAddress> {

  private final EgressPolicy policy;

  UnresolvedNames(EgressPolicy policy) {
    this.policy = policy;
  }

  @Override
  protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
    return new AbstractAddressResolver<>(executor, InetSocketAddress.class) {
      @Override
      protected boolean doIsResolved(InetSocketAddress address) {
        return false;
      }

      @Override
      protected void doResolve(InetSocketAddress address, Promise<InetSocketAddress> promise) {
        vet(address, address, promise);
      }

      @Override
      protected void doResolveAll(
          InetSocketAddress address, Promise<List<InetSocketAddress>> promise) {
        vet(address, List.of(address), promise);
      }
    };
  }

  private <T> void vet(InetSocketAddress address, T answer, Promise<T> promise) {
    try {
      if (!address.isUnresolved()) {
        policy.check(address);
      }
      promise.trySuccess(answer);
    } catch (EgressDeniedException denied) {
      promise.tryFailure(denied);
    }
  }
}
